import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** What the generator is asked: so many connections, each with one request under way, for so long. */
export type Asked = {
  readonly port: number;
  readonly path: string;
  readonly bearer?: string;
  /** A form to post; a GET without one. */
  readonly form?: string;
  readonly connections: number;
  readonly ms: number;
  /** Requests a second over all connections; as many as go if not said. */
  readonly perSecond?: number;
};
/** Latencies are in milliseconds; `failed` counts answers other than 200. */
export type Told = {
  readonly requests: number;
  readonly seconds: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const samplesMax = 4_000_000;
const lengthName = '\r\ncontent-length: ';

/**
 * One keep-alive connection that sends the next request when the whole reply is there. It reads just enough of HTTP/1.1
 * to find the end of a reply with Content-Length, because a full client costs more than the servers under test.
 */
function drive(asked: Asked, until: number, taken: (ms: number, ok: boolean) => void): Promise<void> {
  const form = asked.form;
  const head = [
    `${form === undefined ? 'GET' : 'POST'} ${asked.path} HTTP/1.1`,
    `Host: 127.0.0.1:${asked.port}`,
    ...(asked.bearer ? [`Authorization: Bearer ${asked.bearer}`] : []),
    ...(form === undefined ? [] : ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${Buffer.byteLength(form)}`]),
  ].join('\r\n');
  const plain = Buffer.from(`${head}\r\n\r\n`, 'latin1');
  // What is posted has a key of its own each time, as clients of such services send it.
  const request = () => (form === undefined ? plain : `${head}\r\nIdempotency-Key: ${randomUUID()}\r\n\r\n${form}`);
  const everyMs = asked.perSecond === undefined ? 0 : (1000 * asked.connections) / asked.perSecond;
  return new Promise((resolve, reject) => {
    // Connections begin at times of their own, so that their requests do not come all at once.
    let dueAt = performance.now() + Math.random() * everyMs;
    const socket: Socket = connect({ host: '127.0.0.1', port: asked.port, noDelay: true });
    let sentAt = 0;
    let waiting = '';
    const send = () => {
      sentAt = performance.now();
      socket.write(request());
    };
    socket.once('connect', send);
    socket.once('error', reject);
    socket.once('close', () => (performance.now() < until ? reject(new Error('a connection was closed under load')) : resolve()));
    socket.on('data', (chunk: Buffer) => {
      waiting += chunk.toString('latin1');
      const end = waiting.indexOf('\r\n\r\n');
      if (end < 0) return;
      const at = waiting.toLowerCase().indexOf(lengthName);
      if (at < 0 || at > end) return void socket.destroy(new Error(`a reply without length: ${waiting.slice(0, end)}`));
      if (waiting.length < end + 4 + Number.parseInt(waiting.slice(at + lengthName.length, at + lengthName.length + 12), 10)) return;
      const now = performance.now();
      taken(now - sentAt, waiting.startsWith('HTTP/1.1 200'));
      waiting = '';
      if (now >= until) return void socket.end();
      if (everyMs === 0) return send();
      dueAt += everyMs;
      if (now < dueAt) return void setTimeout(send, dueAt - now);
      // What was due while the reply was waited for counts from then.
      send();
      sentAt = dueAt;
    });
  });
}

async function load(asked: Asked): Promise<Told> {
  const samples = new Float64Array(samplesMax);
  let requests = 0;
  let failed = 0;
  const started = performance.now();
  const taken = (ms: number, ok: boolean) => {
    if (!ok) failed += 1;
    if (requests < samplesMax) samples[requests] = ms;
    requests += 1;
  };
  await Promise.all(Array.from({ length: asked.connections }, () => drive(asked, started + asked.ms, taken)));
  const seconds = (performance.now() - started) / 1000;
  const sorted = samples.subarray(0, Math.min(requests, samplesMax)).sort();
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { requests, seconds, failed, p50Ms: at(0.5), p99Ms: at(0.99) };
}

process.on('message', (asked: Asked) => {
  load(asked).then(
    (told) => process.send?.(told),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));
