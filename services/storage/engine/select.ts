import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fault } from '#kernel/contract/fault.ts';
import { modulePath } from '#kernel/supervise/module.ts';
import { selectHeapMb, selectIdleMs, selectMaxMs } from './limits.ts';
import { encodeOrder, type SelectOrder } from './select-input.ts';
import { encodePiece, endPiece, framesOf, type SelectFrame } from './select-frame.ts';

/** What a query's process may do: load the engine and read files; no network, no processes, nothing written but in memory. */
const flags = [
  `--max-old-space-size=${selectHeapMb}`,
  '--disable-warning=SecurityWarning',
  '--disable-warning=ExperimentalWarning',
  '--permission',
  '--allow-addons',
  '--allow-fs-read=*',
  '--allow-fs-write=/dev/shm/*',
];

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
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #frames: AsyncGenerator<SelectFrame, void>;
  readonly #gone: Promise<unknown>;
  #errors = '';
  isOver = false;

  constructor() {
    this.#child = spawn(process.execPath, [...flags, modulePath('services/storage/engine/select.main')], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gone = promise;
    const over = () => {
      this.isOver = true;
      resolve();
    };
    this.#child.on('error', over);
    this.#child.on('exit', over);
    this.#child.stdin.on('error', over);
    this.#child.stderr.on('data', (piece: Buffer) => {
      this.#errors = `${this.#errors}${piece.toString('utf8')}`.slice(-2000);
    });
    this.#frames = framesOf(this.#child.stdout);
  }

  end(): void {
    this.#child.kill('SIGKILL');
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
          throw fault('Internal', { detail: `The process of a query ended early: ${this.#errors}` });
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
    const { stdin } = this.#child;
    stdin.write(encodePiece(encodeOrder(order)));
    try {
      for await (const piece of bytes) {
        if (enough.said || this.isOver) return;
        stdin.write(encodePiece(piece));
        if (stdin.writableNeedDrain) await Promise.race([once(stdin, 'drain').catch(() => {}), this.#gone]);
      }
    } finally {
      if (!this.isOver) stdin.write(endPiece);
    }
  }
}
