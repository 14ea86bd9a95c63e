import type { Grant, Session } from '#kernel/contract/session.ts';
import type { OperationName } from '#kernel/contract/contract.ts';
import type { Directory } from '#kernel/session/directory.ts';
import type { Api, RequestOf, ResponseOf } from '#wire/kafka/api.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { log } from '../../service.ts';
import type { Broker } from '../../store/broker.ts';
import type { FetchSession } from './fetch-session.ts';
import { admitMaxMs } from './limits.ts';
import type { Throttle } from './throttle.ts';

/** What a handler gets besides the message: who asks, of whom, and where the client reached us. */
export type Asking = {
  readonly session: Session<typeof log>;
  readonly broker: Broker;
  /** Policies and credentials, in the caller's name. */
  readonly directory: Directory;
  /** What this connection fetches again and again. */
  readonly fetches: FetchSession;
  /** What this request costs by the client's quotas. */
  readonly throttle: Throttle;
  readonly version: number;
  readonly clientId: string;
  readonly clientHost: string;
  /** The address that the client connected to, which is what it is told to connect to again. */
  readonly host: string;
  readonly port: number;
  /** Aborted when the connection closes or its caller ends. */
  readonly signal: AbortSignal;
};

/** Answers one API; undefined sends nothing, which only Produce without acknowledgement may. */
export type Handler = (message: never, asking: Asking) => object | undefined | Promise<object | undefined>;
export type Route = { readonly api: Api; readonly handle: Handler };

/** Joins an API of the table and what answers it; both messages are typed by the table. */
export function route<A>(
  api: A,
  handle: (message: RequestOf<A>, asking: Asking) => ResponseOf<A> | undefined | Promise<ResponseOf<A> | undefined>,
): Route {
  return { api: api as Api, handle: handle as unknown as Handler };
}

/** The caller's grant, or undefined once its refusal is in the audit log. */
export function granted({ session }: Asking, operation: OperationName<typeof log>, name: string): Grant | undefined | Promise<undefined> {
  const decided = session.grant(operation, name);
  return decided.denied ? decided.recorded.then(() => undefined) : decided;
}

/** Takes from the quotas; answers the milliseconds that this had to wait. Throws TooMany when that is too long. */
export async function admitted(grant: Grant, bytes: number, signal: AbortSignal): Promise<number> {
  let waited = 0;
  for (let wait = grant.spend(1, bytes); wait > 0; wait = grant.spend(1, bytes)) {
    if (waited + wait > admitMaxMs) throw fault('TooMany', { retryAfterMs: wait });
    await pause(wait, signal);
    waited += wait;
  }
  return waited;
}

/** Waits, or less when the signal comes. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
