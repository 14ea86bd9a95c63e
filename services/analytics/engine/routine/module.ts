import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Routine } from '../../domain/routine.ts';
import { moduleGrownBytes } from './limits.ts';

// V8 gives the function to contexts that are made between these two, and so to no realm of a function.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
setFlagsFromString('--no-expose-gc');

type Exported = (...args: unknown[]) => unknown;

/** Sections of a module that hold what a call may change: tables, memories, globals. */
const changing = [4, 5, 6];

/** Whether something of an instance of a module outlives a call. */
export function remembers(bytes: Uint8Array): boolean {
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at] as number;
    if (changing.includes(id)) return true;
    let [size, shift, next] = [0, 0, at + 1];
    for (let byte = 0x80; byte & 0x80 && shift < 35; shift += 7) {
      byte = bytes[next++] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
    }
    at = next + size;
  }
  return false;
}

/** A call; what it took is free again before another asks for as much, so that each finds the same room. */
function called(run: Exported, given: readonly unknown[], memory: WebAssembly.Memory | undefined): unknown {
  try {
    return run(...given);
  } finally {
    if (memory instanceof WebAssembly.Memory && memory.buffer.byteLength > moduleGrownBytes) collect();
  }
}

const text = (value: unknown): value is string => typeof value === 'string';

/**
 * A module of WebAssembly as a function: int4 and bool are i32, int8 is i64, float8 is f64. A text is the place and length of
 * its UTF-8 in the module's `memory`, where it asks `allocate(length)` for room; one that it answers is an i64 of the place
 * above and the length below. It has no imports, and what it remembers it forgets with each call. Throws where it is none.
 */
export function moduleOf({ name, params, returns, body }: Routine): Exported {
  const bytes = Buffer.from(body, 'base64');
  const module = new WebAssembly.Module(bytes);
  const [needed] = WebAssembly.Module.imports(module);
  if (needed) throw new TypeError(`the module imports ${needed.module}.${needed.name}, and there is nothing to import`);
  if (!WebAssembly.Module.exports(module).some((each) => each.name === name && each.kind === 'function'))
    throw new TypeError(`the module exports no function ${name}`);
  const fresh = () => new WebAssembly.Instance(module, {}).exports;
  const once = remembers(bytes) ? undefined : fresh();
  return (...args) => {
    const exports = once ?? fresh();
    const { memory, allocate } = exports as { memory?: WebAssembly.Memory; allocate?: (length: number) => number };
    const within = (place: number, length: number) => {
      if (!(memory instanceof WebAssembly.Memory)) throw new TypeError('the module exports no memory');
      return new Uint8Array(memory.buffer, place, length);
    };
    const given = args.flatMap((arg) => {
      if (!text(arg)) return [typeof arg === 'boolean' ? Number(arg) : arg];
      const utf8 = Buffer.from(arg);
      if (typeof allocate !== 'function') throw new TypeError('the module exports no allocate');
      const place = allocate(utf8.length) >>> 0;
      within(place, utf8.length).set(utf8);
      return [place, utf8.length];
    });
    if (given.length < params.length) throw new TypeError('arguments are missing');
    const answer = called(exports[name] as Exported, given, memory);
    if (returns === 'bool') return answer !== 0;
    if (returns !== 'text') return answer;
    const [place, length] = [Number(BigInt.asUintN(64, answer as bigint) >> 32n), Number((answer as bigint) & 0xffffffffn)];
    return new TextDecoder('utf-8', { fatal: true }).decode(within(place, length));
  };
}
