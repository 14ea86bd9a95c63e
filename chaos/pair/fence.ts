import type { Fence, Row } from '#kernel/pair/fence.ts';

export type Chance = { below(count: number): number; chance(percent: number): boolean };

type Call = { readonly owner: string; run(): unknown; answer(result: unknown): void; fail(error: Error): void };

/** PostgreSQL's row, whose calls arrive late, fail after their effect or before it, and have it long after their caller gave up. */
export class SimulatedFence {
  row: Row | undefined;
  isDown = false;
  readonly #random: Chance;
  #calls: Call[] = [];
  #late: Call[] = [];
  /** Answers on their way, by the process they go to. */
  #answers: { readonly owner: string; readonly arrive: () => void }[] = [];

  constructor(random: Chance) {
    this.#random = random;
  }

  /** The row as a process sees it. */
  for(owner: string): Fence {
    const call = <T>(run: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        this.#calls.push({ owner, run, answer: (result) => resolve(result as T), fail: reject });
      });
    return {
      read: () => call(() => this.row),
      begin: (holder) =>
        call(() => {
          this.row ??= { version: 0n, epoch: 0n, holder, synced: false };
        }),
      swap: (from, to) => call(() => this.#swap(from, to)),
    };
  }

  #swap(from: Row, to: Omit<Row, 'version'>): Row | undefined {
    if (this.row?.version !== from.version || this.row.epoch !== from.epoch || this.row.holder !== from.holder) return undefined;
    const { epoch, holder, synced } = to;
    this.row = { version: from.version + 1n, epoch, holder, synced };
    return this.row;
  }

  /** Whether a call of a process may still have its effect. */
  hasLate(owner: string): boolean {
    return [...this.#late, ...this.#calls].some((call) => call.owner === owner);
  }

  /** A process has ended: what it asked for may have its effect all the same, and nobody hears of it. */
  forget(owner: string): void {
    this.#late.push(...this.#calls.filter((call) => call.owner === owner));
    this.#calls = this.#calls.filter((call) => call.owner !== owner);
    this.#answers = this.#answers.filter((answer) => answer.owner !== owner);
  }

  /** One call goes on; false when none waits. */
  step(): boolean {
    const { chance } = this.#random;
    if (this.#late.length > 0 && !this.isDown && chance(30)) this.#late.shift()?.run();
    const call = this.#calls.shift();
    if (!call) return false;
    const { owner, answer, fail } = call;
    const reply = (arrive: () => void) => this.#answers.push({ owner, arrive });
    const away = () => fail(new Error('PostgreSQL is away'));
    if (this.isDown || chance(3)) reply(away);
    else if (chance(4)) {
      this.#late.push(call);
      reply(away);
    } else {
      const result = call.run();
      reply(chance(4) ? away : () => answer(result));
    }
    return true;
  }

  /** Everything that was left behind has its effect now. */
  settle(): void {
    for (const call of this.#late.splice(0)) call.run();
  }

  /** An answer reaches a process that runs. */
  deliver(isRunning: (owner: string) => boolean): boolean {
    const index = this.#answers.findIndex(({ owner }) => isRunning(owner));
    if (index < 0) return false;
    this.#answers.splice(index, 1)[0]?.arrive();
    return true;
  }
}
