import type { Wire } from '#kernel/pair/wire.ts';

type Listener = { message(kind: number, body: Buffer): void; close(): void };

/** One end of a simulated line. What the other end sent waits here until the simulation delivers it. */
export class SimulatedWire implements Wire {
  other!: SimulatedWire;
  readonly #inbox: ({ kind: number; body: Buffer } | 'close')[] = [];
  #listener: Listener | undefined;
  #closed = false;

  send(kind: number, parts: readonly Uint8Array[] = []): void {
    if (!this.#closed && !this.other.#closed) this.other.#inbox.push({ kind, body: Buffer.concat(parts) });
  }

  /** What waits for delivery is on its way already. */
  readonly waitingBytes = 0;

  drained(): Promise<void> {
    return Promise.resolve();
  }

  listen(on: Listener): void {
    this.#listener = on;
  }

  /** Closes this end at once; the other one hears of it behind what was sent before. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.other.#inbox.push('close');
  }

  /** The line breaks: some of what is on its way is lost. */
  break(keep: number): void {
    this.#inbox.length = Math.min(this.#inbox.length, keep);
    this.#inbox.push('close');
    this.other.#inbox.length = Math.min(this.other.#inbox.length, keep);
    this.other.#inbox.push('close');
  }

  get isOver(): boolean {
    return this.#closed;
  }

  /** Delivers what came first; false when nothing waits, or nobody listens yet. */
  deliver(): boolean {
    if (!this.#listener || this.#closed) return false;
    const next = this.#inbox.shift();
    if (next === 'close') {
      this.#closed = true;
      this.other.close();
      this.#listener.close();
    } else if (next) this.#listener.message(next.kind, next.body);
    return next !== undefined;
  }
}

/** A line's two ends. */
export function simulatedWires(): [SimulatedWire, SimulatedWire] {
  const [one, other] = [new SimulatedWire(), new SimulatedWire()];
  one.other = other;
  other.other = one;
  return [one, other];
}
