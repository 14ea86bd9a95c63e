import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { goOn, happen, type Happenings } from '../store/due.ts';
import { endClocks, goingClocks } from '../store/handler/test-clock.ts';
import { clockRetryMs, sweepMs } from '../store/limits.ts';
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
  #running: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  start(): this {
    this.#options.world.clocks.onAdvance = (at, clock) => this.#advance(at, clock);
    this.#running = this.#run();
    return this;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.#clocks.values());
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

  async #look(at: Placed): Promise<void> {
    const { world, happenings, now, log } = this.#options;
    for (const clock of await goingClocks(world, at)) this.#advance(at, clock);
    const seconds = Math.floor(now() / 1000);
    await happen(world, happenings, at, seconds, (error) => {
      if (!this.#stop.signal.aborted) log('warn', 'what is due could not be done yet; it is tried again', { error: String(error) });
    });
    await endClocks(world, at, seconds);
  }
}
