import { encodePiece } from '#engine/confined/piece.ts';
import { ConfinedProcess } from '#engine/confined/process.ts';
import { fault } from '#kernel/contract/fault.ts';
import { modulePath } from '#kernel/supervise/module.ts';
import { selectHeapMb, selectIdleMs, selectMaxMs } from './limits.ts';
import { encodeOrder, type SelectOrder } from './select-input.ts';
import { endPiece, framesOf, type SelectFrame } from './select-frame.ts';

/** What a query's process may do: load the engine and read files; no network, no processes, nothing written but in memory. */
const flags = ['--allow-addons', '--allow-fs-read=*', '--allow-fs-write=/dev/shm/*'];

/**
 * The processes that answer queries, one query at a time each. One that is through waits a while for another query of the same
 * organization, so that nothing of an organization is ever in the process of another; none is there while nobody asks.
 */
export class SelectProcesses {
  readonly #idle = new Map<string, { process: SelectProcess; timer: NodeJS.Timeout }[]>();

  /**
   * Answers a query. `bytes` are the object's, as the order says; no more of them are taken than are needed. Whoever leaves the
   * frames early ends the process.
   */
  async *run(owner: string, order: SelectOrder, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<SelectFrame, void> {
    const process = this.#take(owner) ?? new SelectProcess();
    let isWhole = false;
    try {
      yield* process.run(order, bytes, signal);
      isWhole = true;
    } finally {
      if (isWhole) this.#keep(owner, process);
      else process.end();
    }
  }

  /** Ends the processes that wait. */
  stop(): void {
    for (const waiting of this.#idle.values())
      for (const { process, timer } of waiting) {
        clearTimeout(timer);
        process.end();
      }
    this.#idle.clear();
  }

  #take(owner: string): SelectProcess | undefined {
    const waiting = this.#idle.get(owner);
    const found = waiting?.pop();
    if (waiting?.length === 0) this.#idle.delete(owner);
    clearTimeout(found?.timer);
    return found?.process.isOver ? undefined : found?.process;
  }

  #keep(owner: string, process: SelectProcess): void {
    const waiting = this.#idle.get(owner) ?? [];
    const timer = setTimeout(() => {
      const at = waiting.findIndex((one) => one.process === process);
      if (at >= 0) waiting.splice(at, 1);
      if (waiting.length === 0 && this.#idle.get(owner) === waiting) this.#idle.delete(owner);
      process.end();
    }, selectIdleMs).unref();
    waiting.push({ process, timer });
    this.#idle.set(owner, waiting);
  }
}

class SelectProcess {
  readonly #process = new ConfinedProcess({ module: modulePath('services/storage/engine/select.main'), heapMb: selectHeapMb, flags });
  readonly #frames = framesOf(this.#process.output);

  get isOver(): boolean {
    return this.#process.isOver;
  }

  end(): void {
    this.#process.end();
  }

  async *run(order: SelectOrder, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<SelectFrame, void> {
    const end = () => this.end();
    const late = setTimeout(end, selectMaxMs).unref();
    signal.addEventListener('abort', end, { once: true });
    let broken: { error: unknown } | undefined;
    const enough = { said: false };
    const fed = this.#feed(order, bytes, enough).catch((error: unknown) => {
      broken = { error };
    });
    try {
      for (let last = false; !last; ) {
        const next = await this.#frames.next();
        last = next.done === true || next.value.kind === 'done' || next.value.kind === 'failed';
        if (last) {
          enough.said = true;
          await fed;
        }
        // What broke is the object, when the object broke.
        if (broken) throw broken.error;
        if (!next.done) yield next.value;
        else {
          signal.throwIfAborted();
          throw fault('Internal', { detail: `The process of a query ended early: ${this.#process.errors}` });
        }
      }
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', end);
      enough.said = true;
    }
  }

  /** Gives the process its order and the bytes, no faster than it takes them. It may have enough before their end. */
  async #feed(order: SelectOrder, bytes: AsyncIterable<Uint8Array>, enough: { said: boolean }): Promise<void> {
    await this.#process.give(encodePiece(encodeOrder(order)));
    try {
      for await (const piece of bytes) {
        if (enough.said || this.isOver) return;
        await this.#process.give(encodePiece(piece));
      }
    } finally {
      void this.#process.give(endPiece);
    }
  }
}
