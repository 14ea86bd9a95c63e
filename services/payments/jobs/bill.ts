import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { goOn, happen, type Happenings } from '../store/due.ts';
import { endClocks, goingClocks } from '../store/handler/test-clock.ts';
import { clockRetryMs, sweepMs } from '../store/limits.ts';
import { Turns } from '../store/turn.ts';
import type { World } from '../store/world.ts';

type Options = {
  readonly world: World;
  readonly happenings: Happenings;
  readonly scopes: () => readonly Placed[];
  readonly now: () => number;
  readonly log: Log;
};

/** Lets happen what is due: from time to time by the time of the world, and at once by test clocks that are told to go on. */
export class Biller {
  readonly #options: Options;
  readonly #stop = new AbortController();
  readonly #clocks = new Map<string, Promise<void>>();
  /** Looks that come before the next round does, by environment and second. */
  readonly #soon = new Map<string, NodeJS.Timeout>();
  readonly #looking = new Set<Promise<void>>();
  readonly #turns = new Turns();
  #running: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  start(): this {
    this.#options.world.clocks.onAdvance = (at, clock) => this.#advance(at, clock);
    this.#options.world.steps.onDue = (at, seconds) => this.#lookAt(at, seconds);
    this.#running = this.#run();
    return this;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#soon.values()) clearTimeout(timer);
    await this.#running;
    await Promise.all(this.#looking);
    await Promise.all(this.#clocks.values());
  }

  /** What is due soon is not kept waiting for the next round. */
  #lookAt({ tenant, scope }: Placed, seconds: number): void {
    const name = `${scope} ${seconds}`;
    // Timers may be a moment early.
    const wait = Math.max(0, seconds * 1000 - this.#options.now()) + 2;
    if (this.#soon.has(name) || wait > sweepMs || this.#stop.signal.aborted) return;
    const look = () => {
      this.#soon.delete(name);
      const looking = this.#look({ tenant, scope })
        .catch((error: unknown) => {
          if (!this.#stop.signal.aborted) this.#options.log('warn', 'what is due could not be looked at', { error: String(error) });
        })
        .finally(() => this.#looking.delete(looking));
      this.#looking.add(looking);
    };
    this.#soon.set(name, setTimeout(look, wait).unref());
  }

  #advance({ tenant, scope }: Placed, clock: string): void {
    const name = `${scope} ${clock}`;
    if (this.#clocks.has(name) || this.#stop.signal.aborted) return;
    this.#clocks.set(
      name,
      this.#go({ tenant, scope }, clock).finally(() => this.#clocks.delete(name)),
    );
  }

  async #go(at: Placed, clock: string): Promise<void> {
    const { world, happenings, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await goOn(world, happenings, at, clock, signal);
        return;
      } catch (error) {
        if (!signal.aborted) log('warn', 'a clock could not go on yet; it is tried again', { error: String(error) });
      }
      await pause(clockRetryMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #run(): Promise<void> {
    const { scopes, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      for (const at of scopes()) {
        if (signal.aborted) return;
        await this.#look(at).catch((error: unknown) => {
          if (!signal.aborted) log('warn', 'what is due could not be looked at; it is tried again', { error: String(error) });
        });
      }
      await pause(sweepMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** One look at an environment at a time. */
  #look(at: Placed): Promise<void> {
    return this.#turns.take(String(at.scope), () => this.#lookNow(at));
  }

  async #lookNow(at: Placed): Promise<void> {
    const { world, happenings, now, log } = this.#options;
    for (const clock of await goingClocks(world, at)) this.#advance(at, clock);
    const seconds = Math.floor(now() / 1000);
    await happen(world, happenings, at, seconds, (error) => {
      if (!this.#stop.signal.aborted) log('warn', 'what is due could not be done yet; it is tried again', { error: String(error) });
    });
    await endClocks(world, at, seconds);
  }
}
