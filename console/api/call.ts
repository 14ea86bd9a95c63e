import { useMemo } from 'react';
import type { AnyService } from '#kernel/contract/contract.ts';
import { addressOf, type Route } from '#kernel/derive/route.ts';
import { send, sendForJson, type Sending } from './client.ts';
import { type Known, roleAllows, useServed } from './contract.ts';
import { useMaybePlace } from './place.ts';
import { Problem } from './problem.ts';
import { type Reading, type ReadOptions, stale, useRead } from './read.ts';
import { revealed } from './reveal.ts';
import { useSessionState } from './session.ts';

export type CallMore = {
  key?: string | undefined;
  signal?: AbortSignal | undefined;
  body?: BodyInit | undefined;
  environment?: string | undefined;
};

/** Operations of the platform by name, in the environment where the person stands. */
export type Api = {
  readonly environment: string | undefined;
  /** Whether what is personal is asked for in the clear. */
  readonly isRevealed: boolean;
  call<T>(service: string, operation: string, name: string, input?: Input, more?: CallMore): Promise<T>;
  /** The same with the raw reply, for bytes. */
  open(service: string, operation: string, name: string, input?: Input, more?: CallMore): Promise<Response>;
  /** What would be sent, for transfers that report progress and for copy-paste lines. */
  sending(service: string, operation: string, name: string, input?: Input): Sending;
  has(service: string, operation: string): boolean;
};

export type Input = Readonly<Record<string, unknown>>;

function apiFor(known: Known | undefined, environment: string | undefined, isRevealed: boolean): Api {
  const sending: Api['sending'] = (service, operation, name, input = {}) => {
    const route = known?.routes.get(`${service}.${operation}`);
    if (!route) {
      throw new Problem({
        code: 'NoSuchOperation',
        status: 404,
        title: `${operation} is not served here.`,
        detail: `The service ${service} does not run, or is older than this page.`,
      });
    }
    const headers = isRevealed ? { headers: { 'gamut-reveal': 'true' } } : {};
    return { method: route.method, path: addressOf(route, name), environment, ...headers, ...inputOf(route, input) };
  };
  const prepare = (service: string, operation: string, name: string, input: Input = {}, more: CallMore = {}): Sending => {
    const base = sending(service, operation, name, input);
    return { ...base, environment: more.environment ?? base.environment, key: more.key, signal: more.signal, body: more.body };
  };
  return {
    environment,
    isRevealed,
    sending,
    has: (service, operation) => known?.routes.has(`${service}.${operation}`) ?? false,
    call: async (...named) => {
      const prepared = prepare(...named);
      const reply = await sendForJson(prepared);
      if (known?.routes.get(`${named[0]}.${named[1]}`)?.definition.effect !== 'read') forgetAround(named[0]);
      return reply as never;
    },
    open: async (...named) => send(prepare(...named)),
  };
}

function inputOf(route: Route, input: Input): Pick<Sending, 'query' | 'json'> {
  return route.input === 'query' ? { query: input } : { json: input };
}

/** After a change every remembered list of that service is asked for again. */
function forgetAround(service: string): void {
  stale((key) => key.startsWith(`${service}.`));
}

export function useApi(): Api {
  const { value } = useServed();
  const environment = useMaybePlace()?.environment.id;
  const isRevealed = revealed.use();
  return useMemo(() => apiFor(value, environment, isRevealed), [value, environment, isRevealed]);
}

/** The name under which a reading is remembered. */
export function readKey(api: Api, service: string, operation: string, name: string, input: Input = {}): string {
  return `${service}.${operation} ${api.environment ?? ''}${api.isRevealed ? ' revealed' : ''} ${name} ${JSON.stringify(input)}`;
}

/** Reads one operation of the platform. `operation` undefined reads nothing. */
export function useOperation<T>(
  service: string,
  operation: string | undefined,
  name: string,
  input: Input = {},
  options: ReadOptions = {},
): Reading<T> & { again: () => void; key: string | undefined } {
  const api = useApi();
  const served = operation !== undefined && api.has(service, operation);
  const key = served ? readKey(api, service, operation, name, input) : undefined;
  const reading = useRead<T>(key, () => api.call<T>(service, operation ?? '', name, input), options);
  return { ...reading, key };
}

export function useContract(service: string): AnyService | undefined {
  const services = useServed().value?.services;
  return services && Object.hasOwn(services, service) ? services[service] : undefined;
}

/**
 * Whether the person's role here reaches an operation. What only operators may do is offered unless the platform says that
 * the person is none.
 */
export function useMay(service: string): (operation: string) => boolean {
  const contract = useContract(service);
  const role = useMaybePlace()?.organization.role;
  const state = useSessionState();
  const isOperator = state.is === 'in' ? state.session.operator : false;
  return (operation) => {
    if (!contract || role === undefined || roleAllows(contract, role, operation)) return true;
    return isOperator === true || (isOperator === undefined && !roleAllows(contract, 'owner', operation));
  };
}
