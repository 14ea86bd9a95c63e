import type { JournalLimits } from '#kernel/journal/limits.ts';
import type { Lie } from './disk.ts';
import type { Appended } from './model.ts';
import { Simulation } from './simulation.ts';

/** Small numbers, so that a short run meets every edge. */
const small: Partial<JournalLimits> = {
  groupMaxBytes: 700,
  segmentMaxBytes: 1500,
  reserveBytes: 16 * 1024,
  freeFloorBytes: 0,
  measureMs: 20,
  probeMs: 5,
  lazyFlushMs: 10,
};

type Trouble = 'killWriter' | 'killRecorder' | 'crashMachine' | 'fillDisk' | 'failSync' | 'jumpClock' | 'limits';
const troubles: readonly Trouble[] = ['killWriter', 'killRecorder', 'crashMachine', 'fillDisk', 'failSync', 'jumpClock', 'limits'];

/** Runs what the seed says and throws where a property does not hold. The same seed does the same. */
export async function simulate(seed: number, lie?: Lie): Promise<Simulation['counts']> {
  const choose = new Simulation(seed, {}).random;
  // Each seed has some of the troubles only: all at once hide one another.
  const enabled = troubles.filter(() => choose.chance(0.5));
  const limited = enabled.includes('limits') ? { journalMaxBytes: 4000, journalAgeMaxMs: 3000 } : {};
  const aged = choose.chance(0.3) ? { segmentAgeMaxMs: 30 } : {};
  const simulation = new Simulation(seed, { ...small, ...limited, ...aged }, lie);
  const workload = new Workload(simulation, enabled);
  await workload.run(20 + choose.below(100));
  await simulation.finish();
  return simulation.counts;
}

class Workload {
  readonly #simulation: Simulation;
  readonly #troubles: readonly Trouble[];
  #lazy: Appended[] = [];

  constructor(simulation: Simulation, enabled: readonly Trouble[]) {
    this.#simulation = simulation;
    this.#troubles = enabled;
  }

  async run(actions: number): Promise<void> {
    const { random } = this.#simulation;
    const pause = random.pick([2, 10, 40]);
    for (let action = 0; action < actions; action++) {
      this.#act();
      await this.#simulation.run(random.below(pause));
    }
  }

  #act(): void {
    const simulation = this.#simulation;
    const { random } = simulation;
    if (this.#troubles.length > 0 && random.chance(0.15)) return this.#cause(random.pick(this.#troubles));
    if (simulation.journal?.failure && random.chance(0.3)) simulation.killWriter();
    simulation.startWriter();
    if (random.chance(0.3)) simulation.startRecorder();
    const what = random.below(10);
    if (what < 6) this.#repeat(5, () => simulation.append(random.chance(0.2)));
    else if (what < 8) this.#repeat(4, () => this.#appendLazy());
    else if (what < 9) simulation.flush([...this.#lazy]);
  }

  #repeat(most: number, act: () => void): void {
    for (let left = 1 + this.#simulation.random.below(most); left > 0; left--) act();
  }

  #appendLazy(): void {
    const record = this.#simulation.appendLazy();
    if (record) this.#lazy.push(record);
  }

  #cause(trouble: Trouble): void {
    const simulation = this.#simulation;
    const { random, disk, scheduler } = simulation;
    if (trouble === 'killWriter') simulation.killWriter();
    if (trouble === 'killRecorder') simulation.killRecorder();
    if (trouble === 'crashMachine') simulation.crashMachine();
    if (trouble === 'failSync') disk.failingSyncs = 1;
    if (trouble === 'jumpClock') scheduler.skewMs = random.pick([-3_600_000, 0, 0, 100, 3_600_000]);
    if (trouble === 'fillDisk') disk.capacity = random.chance(0.5) ? disk.used + random.below(600) : Number.POSITIVE_INFINITY;
  }
}
