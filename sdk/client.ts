import type { AnyService, Input, OperationName, Output, Target } from '#kernel/contract/contract.ts';
import type { Change } from '#kernel/contract/provider.ts';
import { type Route, routesOf } from '#kernel/derive/route.ts';
import { errorOf, GamutError } from './error.ts';
import { changesOf } from './event-stream.ts';
import { prepare, type Sent } from './request.ts';

/** Where a platform is and who calls. `cookie` is for pages of the console, whose browser sends the session itself. */
export type ClientOptions = {
  readonly url: string;
  readonly bearer?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly cookie?: { readonly csrf: string };
  /** Id of the environment to act in, for callers that have several. */
  readonly environment?: string;
  readonly fetch?: typeof fetch;
};

/** What a call may have besides its input. `key` makes a repeat of it harmless. */
export type CallOptions = { readonly key?: string; readonly signal?: AbortSignal; readonly environment?: string };

type Of<S extends AnyService, O extends OperationName<S>> = S['operations'][O];
type AtOf<S extends AnyService, O extends OperationName<S>> = Of<S, O> extends { at: infer A extends Target } ? A : 'item';
type BodyOf<S extends AnyService, O extends OperationName<S>> = Of<S, O> extends { body: infer B extends string } ? B : 'none';
type Offered<S extends AnyService, O extends OperationName<S>> =
  Of<S, O> extends { expose: readonly (infer X)[] } ? ('rest' extends X ? O : never) : never;

type More<S extends AnyService, O extends OperationName<S>> =
  BodyOf<S, O> extends 'in' | 'both' ? CallOptions & { readonly body: Sent } : CallOptions;
type Answer<S extends AnyService, O extends OperationName<S>> =
  BodyOf<S, O> extends 'watch'
    ? AsyncIterable<Change>
    : Promise<BodyOf<S, O> extends 'out' | 'both' ? { output: Output<S, O>; body: ReadableStream<Uint8Array> } : Output<S, O>>;

/** Input and options; both may be left out where nothing in them is needed. */
type Rest<S extends AnyService, O extends OperationName<S>> =
  object extends More<S, O>
    ? object extends Input<S, O>
      ? [input?: Input<S, O>, more?: More<S, O>]
      : [input: Input<S, O>, more?: More<S, O>]
    : [input: Input<S, O>, more: More<S, O>];

/** One method for every operation a contract offers in REST; those on one resource take its name first. */
export type Client<S extends AnyService> = {
  readonly [O in OperationName<S> as Offered<S, O>]: AtOf<S, O> extends 'item'
    ? (name: string, ...rest: Rest<S, O>) => Answer<S, O>
    : (...rest: Rest<S, O>) => Answer<S, O>;
};

/**
 * A typed client of one service, from its contract alone.
 *
 * ```ts
 * const client = createClient(storage, { url, bearer });
 * await client.CreateBucket({ name: 'photos' });
 * await client.PutObject('photos', { key: 'cat.jpg' }, { body: bytes });
 * ```
 */
export function createClient<const S extends AnyService>(contract: S, options: ClientOptions): Client<S> {
  const methods = routesOf(contract).map((route) => {
    const method = (...given: unknown[]) => {
      const name = route.at === 'item' ? given.shift() : '';
      const [input = {}, more = {}] = given as [Record<string, unknown>?, (CallOptions & { body?: Sent })?];
      return route.body === 'watch' ? watch(options, route, String(name), input, more) : call(options, route, String(name), input, more);
    };
    return [route.operation, method];
  });
  return Object.fromEntries(methods) as Client<S>;
}

async function call(
  options: ClientOptions,
  route: Route,
  name: string,
  input: Record<string, unknown>,
  more: CallOptions & { body?: Sent },
): Promise<unknown> {
  const response = await send(options, route, name, input, more);
  if (route.body === 'out' || route.body === 'both') return { output: headerOutput(response), body: response.body ?? new ReadableStream() };
  if (route.method === 'HEAD') return headerOutput(response);
  return response.json();
}

async function* watch(
  options: ClientOptions,
  route: Route,
  name: string,
  input: Record<string, unknown>,
  more: CallOptions,
): AsyncGenerator<Change> {
  const response = await send(options, route, name, input, more);
  if (response.body) yield* changesOf(response.body as AsyncIterable<Uint8Array> & ReadableStream<Uint8Array>);
}

/** The fields of an output beside a body: JSON, percent-encoded. */
function headerOutput(response: Response): unknown {
  return JSON.parse(decodeURIComponent(response.headers.get('gamut-output') ?? '%7B%7D'));
}

async function send(
  options: ClientOptions,
  route: Route,
  name: string,
  input: Record<string, unknown>,
  more: CallOptions & { body?: Sent },
): Promise<Response> {
  if (route.at === 'item' && (name === '' || name === '.' || name === '..')) {
    throw new GamutError(0, { code: 'BadInput', title: 'A resource needs a name other than a dot or two.', path: '/name' });
  }
  const { path, init } = prepare(route, name, input, more.body);
  const headers = new Headers(init.headers);
  for (const [field, value] of Object.entries(identity(options, more))) if (value !== undefined) headers.set(field, value);
  if (options.cookie) init.credentials = 'same-origin';
  let response: Response;
  try {
    response = await (options.fetch ?? fetch)(new URL(path, options.url), {
      ...init,
      headers,
      signal: more.signal ?? null,
      redirect: 'error',
    });
  } catch (error) {
    if (more.signal?.aborted) throw error;
    throw new GamutError(0, { code: 'Unreachable', title: `No answer came from ${options.url}.` }, error);
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

function identity(options: ClientOptions, more: CallOptions): Record<string, string | undefined> {
  const basic = options.basic && `Basic ${base64(`${options.basic.username}:${options.basic.password}`)}`;
  return {
    authorization: options.bearer === undefined ? basic : `Bearer ${options.bearer}`,
    'gamut-csrf': options.cookie?.csrf,
    'gamut-environment': more.environment ?? options.environment,
    'idempotency-key': more.key,
  };
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
