import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Pool } from '#engine/confined/pool.ts';
import { type Ended, type Watch, WatchedProcess } from '#engine/confined/watched.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import { installation, modulePath } from '#kernel/supervise/module.ts';
import { Overrun, routineStates } from '../../domain/routine.ts';
import {
  networkHeapMb,
  networkIdleMs,
  networkLoadMs,
  networkMemoryMb,
  networkMs,
  networkPagesMax,
  networkProcessesMax,
  networkReplyBytes,
  networkResidentMb,
  networkStartMs,
  networksLoadedMax,
  networkWatchMs,
} from './limits.ts';
import { type Order, packed, type Said, type Signature, slicedTensor, type Tensor, unpacked } from './order.ts';

/** What it is made of: our own modules, the file that says what their names stand for, and the runtime. */
const own = ['services/analytics', 'engine', 'wire', 'kernel/contract', 'package.json'].map((name) => join(installation, name));
const runtime = ['onnxruntime-web/wasm', 'onnxruntime-common'].map((name) => packageOf(fileURLToPath(import.meta.resolve(name))));
const readable = [...own, ...runtime].map((name) => `--allow-fs-read=${name}${name.endsWith('.json') ? '' : '/*'}`);

/** The folder of the package that a module is of. */
function packageOf(path: string): string {
  const folder = dirname(path);
  return dirname(folder).endsWith('node_modules') ? folder : packageOf(folder);
}

const watch: Watch = {
  module: modulePath('services/analytics/engine/network/network.main'),
  flags: [
    ...['--disallow-code-generation-from-strings', '--max-semi-space-size=4', '--no-addons'],
    ...[`--wasm-max-mem-pages=${networkPagesMax}`, ...readable],
  ],
  ...{ heapMb: networkHeapMb, memoryMb: networkMemoryMb, residentMb: networkResidentMb, watchMs: networkWatchMs },
  ...{ startMs: networkStartMs, silenceMs: networkMs, replyBytes: networkReplyBytes },
};

/** A network by the hash of its file, which is read when a process needs it. */
export type File = { readonly hash: string; readonly read: () => Promise<Uint8Array> };
export type Asked = { readonly rows: number; readonly tensors: readonly Tensor[]; readonly outputs: readonly string[] };
/** Answers to the rows that come next, or why the one that comes next has none. */
export type Answered =
  | { readonly kind: 'answers'; readonly rows: number; readonly tensors: readonly Tensor[] }
  | { readonly kind: 'failed'; readonly error: StatementError };

const overrun = (why: Ended, ms: number = networkMs): StatementError =>
  why === 'late'
    ? new Overrun(routineStates.late, `the network did not answer within ${ms} ms`)
    : new Overrun(routineStates.memory, `the network took more memory than networks may have (${networkResidentMb} MiB)`);

/** The process of the networks of one environment. */
class NetworkSeat {
  #process: WatchedProcess | undefined;
  readonly #loaded = new Map<string, Signature>();

  get isOpen(): boolean {
    return this.#process !== undefined && !this.#process.isOver;
  }

  close(): void {
    this.#process?.end();
    this.#process = undefined;
    this.#loaded.clear();
  }

  async load({ hash, read }: File): Promise<Signature> {
    if (!this.isOpen) this.close();
    const known = this.#loaded.get(hash);
    if (known) {
      // What was asked last stands last.
      this.#loaded.delete(hash);
      this.#loaded.set(hash, known);
      return known;
    }
    const forgotten = [...this.#loaded.keys()].slice(0, Math.max(0, this.#loaded.size + 1 - networksLoadedMax));
    for (const other of forgotten) this.#loaded.delete(other);
    const file = await read();
    let said: Said | undefined;
    const end = await this.#ask([packed({ kind: 'load', network: hash, forgotten, tensors: [] }), file], networkLoadMs, (next) => {
      said = next;
      return true;
    });
    if (end !== 'done') throw overrun(end, networkLoadMs);
    if (said?.kind !== 'loaded')
      throw new StatementError('42P13', `the file is no network that is served: ${said?.kind === 'failed' ? said.message : ''}`);
    this.#loaded.set(hash, said.signature);
    return said.signature;
  }

  /** The answers to rows, from the first on, and why there are no more. */
  ask(network: string, asked: Asked, answered: Answered[]): Promise<'done' | Ended> {
    const order: Order = { kind: 'ask', network, ...asked };
    return this.#ask([packed(order)], undefined, (said) => {
      if (said.kind === 'answers') answered.push(said);
      if (said.kind === 'failed') answered.push({ kind: 'failed', error: new StatementError(routineStates.threw, said.message) });
      return !('isDone' in said) || said.isDone;
    });
  }

  async #ask(pieces: readonly Uint8Array[], silenceMs: number | undefined, take: (said: Said) => boolean): Promise<'done' | Ended> {
    this.#process ??= new WatchedProcess(watch);
    const process = this.#process;
    if (!(await process.started())) throw fault('Unavailable', { detail: `The process of networks did not start: ${process.errors}` });
    const end = await process.ask(pieces, (piece) => take(unpacked<Said>(piece)), silenceMs);
    if (end !== 'done') this.close();
    return end;
  }
}

/** The processes in which networks of ONNX are asked, one for an environment. */
export class NetworkPool {
  readonly #pool = new Pool({
    ...{ make: () => new NetworkSeat(), most: networkProcessesMax, idleMs: networkIdleMs },
    stopped: () => fault('Unavailable', 'Networks are not asked any more.'),
  });

  /** What a network takes and answers. Throws StatementError for a file that is none, or that takes too much to be read. */
  open({ tenant, scope }: Placed, file: File): Promise<Signature> {
    return this.#pool.inTurn(`${tenant}/${scope}`, async (seat, room) => {
      await room();
      return await seat.load(file);
    });
  }

  /** Answers to rows from the first on, which end early where one took too much. */
  ask({ tenant, scope }: Placed, file: File, asked: Asked): Promise<Answered[]> {
    return this.#pool.inTurn(`${tenant}/${scope}`, (seat, room) => carriedOut(seat, room, file, asked));
  }

  stop(): void {
    this.#pool.stop();
  }
}

const rowsIn = (answered: readonly Answered[]): number =>
  answered.reduce((sum, each) => sum + (each.kind === 'answers' ? each.rows : 1), 0);

async function carriedOut(seat: NetworkSeat, room: () => Promise<void>, file: File, asked: Asked): Promise<Answered[]> {
  const answered: Answered[] = [];
  const run = async (from: number, to: number) => {
    await room();
    await seat.load(file);
    return await seat.ask(file.hash, sliced(asked, from, to), answered);
  };
  const first = await run(0, asked.rows);
  if (first === 'done') return answered;
  if (first === 'late' && asked.rows === 1) return [{ kind: 'failed', error: overrun(first) }];
  // Which row it was that ended the process, and whether it was its fault, shows when a fresh one gets them one by one.
  for (let from = rowsIn(answered); from < asked.rows; from = rowsIn(answered)) {
    const end = await run(from, from + 1);
    if (end === 'done') continue;
    answered.push({ kind: 'failed', error: overrun(end) });
    break;
  }
  return answered;
}

/** Some rows of those that are asked. */
const sliced = ({ rows, tensors, outputs }: Asked, from: number, to: number): Asked => ({
  ...{ rows: to - from, outputs },
  tensors: tensors.map((tensor) => slicedTensor(tensor, rows, from, to)),
});
