import { Worker } from 'node:worker_threads';
import { fault } from '#kernel/contract/fault.ts';
import { modulePath } from '#kernel/supervise/module.ts';
import { randomFactor } from '../factor.ts';
import { fallsMax, ringBytes } from './limits.ts';
import type { Answer, Asked, Begun, Wish } from './message.ts';
import { Ring } from './ring.ts';

/** Bytes that wait in all rings through which workers hand rows to each other, and most that these have room for. */
export type Rings = { readonly ringBytes: number; readonly ringMaxBytes: number };

/** Threads that share views. All are asked the same in the same order, since each waits for the others within a step. */
export class Crew {
  readonly #rings: readonly Ring[];
  readonly count: number;
  readonly #workers: readonly Worker[];
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;
  #views = 0;
  #over: Error | undefined;

  constructor(count: number) {
    this.count = count;
    const all = Array.from({ length: count }, (_, at) => at);
    const shared = {
      rings: all.map((from) => all.map((to) => Ring.memory(from === to ? 8 : ringBytes))),
      bells: new SharedArrayBuffer(count * 4),
    };
    this.#rings = shared.rings.flatMap((to, from) => to.filter((_, at) => at !== from).map((memory) => new Ring(memory)));
    const factor = randomFactor();
    this.#workers = all.map((number) => {
      const worker = new Worker(modulePath('services/analytics/engine/worker/worker.main'), {
        ...{ name: `analytics ${number}`, workerData: { number, shared, factor } satisfies Begun },
        // Nothing of the platform is theirs: no environment, no arguments.
        ...{ env: {}, argv: [], stdin: false },
      });
      worker.unref();
      worker.on('message', ({ id, answer }: Answer) => {
        this.#waiting.get(id)?.resolve(answer);
        this.#forget(id);
      });
      worker.on('error', (cause: unknown) => this.end(cause instanceof Error ? cause : new Error(String(cause))));
      worker.on('exit', () => this.end(new Error('a worker ended')));
      return worker;
    });
  }

  /** How full the rings are. */
  get rings(): Rings {
    const [ringBytes, ringMaxBytes] = [(ring: Ring) => ring.waiting, (ring: Ring) => ring.sizeBytes].map((of) =>
      this.#rings.reduce((sum, ring) => sum + of(ring), 0),
    ) as [number, number];
    return { ringBytes, ringMaxBytes };
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  /** A number for another view. */
  view(): number {
    return (this.#views += 1);
  }

  /** Ends all workers: what one does not know any more is of no use to the others. */
  end(cause: Error): void {
    if (this.#over) return;
    this.#over = cause;
    for (const worker of this.#workers) void worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#fault());
    this.#waiting.clear();
  }

  #fault() {
    return fault('Unavailable', {
      detail: 'The workers that share views ended; the view goes on from its last commit.',
      cause: this.#over,
    });
  }

  /** Asks every worker; answers what they answer, by worker. */
  ask<T>(view: number, askedOf: (worker: number) => Asked, moved: (worker: number) => ArrayBuffer[] = () => []): Promise<T[]> {
    if (this.#over) return Promise.reject(this.#fault());
    const answers = this.#workers.map((worker, number) => {
      const id = (this.#last += 1);
      const waiting = Promise.withResolvers<unknown>();
      if (this.#waiting.size === 0) for (const each of this.#workers) each.ref();
      this.#waiting.set(id, waiting);
      worker.postMessage({ id, view, asked: askedOf(number) } satisfies Wish, moved(number));
      return waiting.promise as Promise<T>;
    });
    return Promise.all(answers);
  }

  /** Threads keep the process alive only while they are waited for. */
  #forget(id: number): void {
    if (this.#waiting.delete(id) && this.#waiting.size === 0) for (const worker of this.#workers) worker.unref();
  }
}

/** The workers of a process, which are begun when a view is first shared, and anew when they ended. */
export class Crews {
  readonly count: number;
  #crew: Crew | undefined;
  /** How often workers fell with a view that made no commit since. */
  readonly #falls = new Map<bigint, number>();

  /** With one worker, or none, views stay where they are. */
  constructor(count: number) {
    this.count = count;
  }

  /** The workers for a view; undefined where there are none, or where they fell with it again and again. */
  for(view: bigint): Crew | undefined {
    if (this.count < 2 || (this.#falls.get(view) ?? 0) >= fallsMax) return undefined;
    if (!this.#crew || this.#crew.isOver) this.#crew = new Crew(this.count);
    return this.#crew;
  }

  /** How full the rings of the workers are; undefined where there are none at present. */
  get rings(): Rings | undefined {
    return this.#crew?.isOver ? undefined : this.#crew?.rings;
  }

  fell(view: bigint): void {
    this.#falls.set(view, (this.#falls.get(view) ?? 0) + 1);
  }

  /** A view that workers share made a commit. */
  stood(view: bigint): void {
    this.#falls.delete(view);
  }

  stop(): void {
    this.#crew?.end(new Error('the service stops'));
    this.#crew = undefined;
  }
}
