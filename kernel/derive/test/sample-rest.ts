import { fault } from '../../contract/fault.ts';
import { bytesOf, type Handler, type Served, textOf } from './fixture.ts';

/** A call as its handler saw it. */
type Seen = { name: string; input: unknown; key?: string; body?: string };
export const seen: Seen[] = [];
const echo: Handler = async (name, input, more) => {
  seen.push({ name, input, key: more.key, body: more.body && (await textOf(more.body)) });
  return { output: { given: input } };
};
/** How many calls were aborted while they ran. */
export const aborted = { count: 0 };
const note = (name: string) => ({ uid: 'u', name, generation: 1, version: '1', labels: {}, createdAt: 0, spec: { title: 'x' } });

async function* brokenBytes(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(10);
  throw new Error('disk');
}

async function* endlessBytes(): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield Buffer.alloc(1000);
    await new Promise((go) => setTimeout(go, 5));
  }
}

/** Handlers of the sample contract; names such as `gone`, `broken` and `endless` choose how they behave. */
export const handlers: Record<string, Handler> = {
  CountNotes: echo,
  PutBlob: echo,
  ShareNote: echo,
  UpdateNote: echo,
  ListNotes: echo,
  CreateNote: async (name, input, more) => {
    await echo(name, input, more, 'bearer');
    return { output: note(name), ...(more.key === 'again' ? { replayed: true } : {}) };
  },
  GetNote: async (name) => {
    if (name === 'gone') throw fault('NotFound', `note ${name}`);
    if (name === 'slow') throw fault('TooMany', { retryAfterMs: 1500 });
    if (name === 'bug') throw new Error('secret words');
    return { output: note(name) };
  },
  DeleteNote: (_name, _input, more) =>
    new Promise((resolve, reject) => {
      more.signal?.addEventListener('abort', () => {
        aborted.count++;
        reject(new Error('hung up'));
      });
      setTimeout(() => resolve({ output: {} }), 5000).unref();
    }),
  GetBlob: async (name) => ({
    output: { size: 5, label: 'ä\n' },
    body: name === 'broken' ? brokenBytes() : name === 'endless' ? endlessBytes() : bytesOf('hel', 'lo'),
  }),
  HeadBlob: async () => ({ output: { size: 5 } }),
  TurnBlob: async (_name, _input, more) => ({
    output: {},
    body: (async function* () {
      for await (const piece of more.body ?? []) yield Buffer.from(Buffer.from(piece).toString().toUpperCase());
    })(),
  }),
  WatchNotes: async (_name, input) => ({
    output: {},
    body: (async function* () {
      yield Buffer.from(JSON.stringify({ type: 'bookmark', version: String(input.from ?? '0') }));
      yield Buffer.from(JSON.stringify({ type: 'put', version: '7', resource: note('a\nb') }));
      if (input.from !== 'short') await new Promise(() => undefined);
    })(),
  }),
};

export type Answer = { status: number; headers: Headers; body: Record<string, unknown>; text: string };
/** One request with a good credential, its answer read whole. */
export async function call(
  served: Served,
  method: string,
  path: string,
  more: { body?: string | Uint8Array; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(served.url + path, {
    method,
    body: more.body as BodyInit,
    headers: {
      authorization: 'Bearer good',
      ...(typeof more.body === 'string' ? { 'content-type': 'application/json' } : {}),
      ...more.headers,
    },
  });
  const text = await response.text();
  let body: Record<string, unknown> = {};
  try {
    body = JSON.parse(text);
  } catch {
    /* raw bodies are not JSON */
  }
  return { status: response.status, headers: response.headers, body, text };
}
