import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { pageKib, starvedRounds, tickMs } from './limits.ts';
import { encodePiece, piecesOf } from './piece.ts';
import { type Confinement, ConfinedProcess } from './process.ts';

export type Watch = Confinement & {
  /** Memory that it has, beyond which it is ended, and how often that is looked at. */
  readonly residentMb: number;
  readonly watchMs: number;
  /**
   * Silence behind which it is ended: while it starts, and later. What the machine's others took of it does not count, up to
   * some times as long.
   */
  readonly startMs: number;
  readonly silenceMs: number;
  /** Longest of what it says at once. */
  readonly replyBytes: number;
};

/** Why there is no more of an answer: it took too long, or more memory than there is. */
export type Ended = 'late' | 'memory';

/** A confined process that is ended when it is silent for too long, or has too much memory. It is asked one thing at a time. */
export class WatchedProcess {
  readonly #watch: Watch;
  readonly #process: ConfinedProcess;
  readonly #said: AsyncGenerator<Buffer, void>;
  #isReady = false;
  /** Why it was ended by us. */
  #ended: Ended | undefined;

  constructor(watch: Watch) {
    this.#watch = watch;
    this.#process = new ConfinedProcess(watch);
    this.#said = piecesOf(this.#process.output, watch.replyBytes);
  }

  get isOver(): boolean {
    return this.#process.isOver || this.#ended !== undefined;
  }

  /** The last of what it said about itself. */
  get errors(): string {
    return this.#process.errors;
  }

  end(): void {
    this.#process.end();
  }

  /** Waits for its first word; false where it does not start. */
  async started(): Promise<boolean> {
    this.#isReady ||= (await this.#next(this.#watch.startMs)) !== undefined;
    if (!this.#isReady) this.#process.end();
    return this.#isReady;
  }

  /** Gives it pieces, and what it says to `take`, until that answers that it is all; it may be silent for so long. */
  async ask(pieces: readonly Uint8Array[], take: (said: Buffer) => boolean, silenceMs = this.#watch.silenceMs): Promise<'done' | Ended> {
    const watch = setInterval(() => void this.#weigh(), this.#watch.watchMs);
    try {
      for (const piece of pieces) await this.#process.give(encodePiece(piece));
      for (;;) {
        const said = await this.#next(silenceMs);
        // One that ended by itself had no more memory.
        if (!said) return this.#ended ?? 'memory';
        if (take(said)) return 'done';
      }
    } finally {
      clearInterval(watch);
    }
  }

  /** What it says next; undefined when it is over, by itself or because it was silent for too long. */
  async #next(waitMs: number): Promise<Buffer | undefined> {
    const said = new AbortController();
    void this.#wait(waitMs, said.signal);
    try {
      const next = await this.#said.next();
      return next.done ? undefined : next.value;
    } catch {
      this.#end('memory');
      return undefined;
    } finally {
      said.abort();
    }
  }

  /** Ends it when it was at work for so long, or silent for some times as long. */
  async #wait(waitMs: number, said: AbortSignal): Promise<void> {
    const begun = await this.#workedMs();
    for (let [round, leftMs] = [0, waitMs]; round < starvedRounds && leftMs > 0; round += 1) {
      await setTimeout(leftMs, undefined, { signal: said, ref: false }).catch(() => undefined);
      if (said.aborted) return;
      leftMs = waitMs - ((await this.#workedMs()) - begun);
      if (said.aborted) return;
    }
    this.#end('late');
  }

  /** Processor time that it took. */
  async #workedMs(): Promise<number> {
    const text = await readFile(`/proc/${this.#process.pid}/stat`, 'latin1').catch(() => '');
    // Behind its name, which is in brackets, utime and stime are the 12th and 13th.
    const [user, system] = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number);
    return ((user ?? 0) + (system ?? 0)) * tickMs;
  }

  #end(why: Ended): void {
    this.#ended ??= why;
    this.#process.end();
  }

  async #weigh(): Promise<void> {
    const pages = await readFile(`/proc/${this.#process.pid}/statm`, 'latin1').then(
      (text) => Number(text.split(' ')[1]),
      () => 0,
    );
    if ((pages * pageKib) / 1024 > this.#watch.residentMb) this.#end('memory');
  }
}
