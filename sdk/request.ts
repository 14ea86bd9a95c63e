import { addressOf, type Route } from '#kernel/derive/route.ts';

/** Bytes that may be sent: what fetch takes, or pieces as they come. */
export type Sent = BodyInit | AsyncIterable<Uint8Array>;

export type Prepared = { readonly path: string; readonly init: RequestInit & { duplex?: 'half' } };

/** What is sent for one operation: the address with its query, or a JSON body, or raw bytes. */
export function prepare(route: Route, name: string, input: Readonly<Record<string, unknown>>, body: Sent | undefined): Prepared {
  const address = addressOf(route, name);
  if (route.input === 'json') {
    return { path: address, init: { method: route.method, body: JSON.stringify(input), headers: { 'content-type': 'application/json' } } };
  }
  const init: Prepared['init'] = { method: route.method };
  if (body !== undefined) {
    init.body = isPieces(body) ? streamOf(body) : body;
    if (init.body instanceof ReadableStream) init.duplex = 'half';
    init.headers = { 'content-type': 'application/octet-stream' };
  }
  return { path: address + queryOf(input), init };
}

function isPieces(body: Sent): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && Symbol.asyncIterator in body && !(body instanceof ReadableStream);
}

/** Pieces as a stream; a browser without ReadableStream.from reads them one by one as well. */
function streamOf(pieces: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const step = await iterator.next();
      if (step.done) controller.close();
      else controller.enqueue(step.value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/** Absent values are left out, lists repeat their parameter, objects travel as JSON. */
function queryOf(input: Readonly<Record<string, unknown>>): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value])
      pairs.append(name, typeof each === 'object' && each !== null ? JSON.stringify(each) : String(each));
  }
  return pairs.size === 0 ? '' : `?${pairs}`;
}
