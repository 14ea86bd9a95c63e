import { AsyncLocalStorage } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';
import { tracesPerSecondMax } from './limits.ts';

/** Where a piece of work stands in a trace: ids in lower-case hexadecimal (32 and 16 digits). */
export type TraceContext = { readonly traceId: string; readonly spanId: string; readonly sampled: boolean };

/** One piece of work that ended; times in milliseconds since 1970, with fractions. */
export type SpanData = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
};

const storage = new AsyncLocalStorage<TraceContext>();

/** The context of the work that runs now, for logs and for calls that go out. */
export const currentTrace = (): TraceContext | undefined => storage.getStore();

/** Runs work in a context; what it logs and awaits has it too. */
export const inTrace = <T>(context: TraceContext, work: () => T): T => storage.run(context, work);

/** W3C Trace Context 3.2: what version 00 looks like; later versions may go on after the flags. All zeros are no ids. */
const form = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The caller's context from a `traceparent` header; undefined when there is none or it is not well-formed, which restarts the trace. */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  const match = text === undefined || text.length > 512 ? null : form.exec(text);
  if (!match || (match[1] === '00' && match[5] !== undefined)) return undefined;
  return { traceId: match[2] ?? '', spanId: match[3] ?? '', sampled: (Number.parseInt(match[4] ?? '', 16) & 1) === 1 };
}

/** The header that hands a context on. */
export const traceparent = ({ traceId, spanId, sampled }: TraceContext): string => `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`;

const pool = Buffer.alloc(4096);
let taken = pool.length;

function randomHex(bytes: number): string {
  if (taken + bytes > pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  taken += bytes;
  return pool.toString('hex', taken - bytes, taken);
}

/**
 * Begins spans. A caller's sampling decision holds; of the work that nobody traces, so many traces a second are sampled.
 */
export class Tracer {
  #second = 0;
  #left = 0;

  /** The context of new work below its caller's. */
  begin(parent: TraceContext | undefined, nowMs: number): TraceContext {
    if (parent) return { traceId: parent.traceId, spanId: randomHex(8), sampled: parent.sampled };
    return { traceId: randomHex(16), spanId: randomHex(8), sampled: this.#spare(nowMs) };
  }

  #spare(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#left = tracesPerSecondMax;
    }
    this.#left -= 1;
    return this.#left >= 0;
  }
}
