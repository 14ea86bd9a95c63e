import { printTimestamp } from '../domain/datetime.ts';
import type { Value } from '../domain/value.ts';
import type { CircuitEntry } from './circuit.ts';
import type { Clocks } from './clock.ts';

/** A source by whose watermark a view goes; times are in microseconds. */
export type Paced = {
  readonly id: bigint;
  readonly place: number;
  readonly delay: number;
  /** How far behind the watermark rows are taken. */
  readonly lateness: number;
  readonly idleMs: number;
};

type Partition = { latest: number; seenMs: number; isIdle: boolean };
type Source = { readonly of: Paced; readonly partitions: Map<number, Partition>; mark: number };

/** The number under which watermarks are written down, beside those of operators. */
export const watermarkEntries = -2;
const never = Number.NEGATIVE_INFINITY;

/**
 * How far the times of sources have come, as one view read them: the latest of each partition less the delay, of all
 * partitions that are not idle the least. It never goes back.
 */
export class Watermarks {
  readonly #sources: ReadonlyMap<bigint, Source>;
  #changed = new Set<string>();

  constructor(paced: readonly Paced[]) {
    this.#sources = new Map(paced.map((of) => [of.id, { of, partitions: new Map(), mark: never }]));
  }

  has(source: bigint): boolean {
    return this.#sources.has(source);
  }

  /** The column by which the watermark of a source goes. */
  placeOf(source: bigint): number | undefined {
    return this.#sources.get(source)?.of.place;
  }

  /** A pause after which some partition may be idle; undefined where there is no watermark. */
  get idleMs(): number | undefined {
    const all = [...this.#sources.values()].map(({ of }) => of.idleMs);
    return all.length === 0 ? undefined : Math.min(...all);
  }

  /** Partitions that there are hold the watermark back until they have records, or are idle. */
  expect(source: bigint, count: number, nowMs: number): void {
    const found = this.#sources.get(source);
    for (let partition = 0; found && partition < count; partition += 1) this.#partition(found, partition, nowMs);
  }

  #partition({ partitions }: Source, partition: number, nowMs: number): Partition {
    const known = partitions.get(partition);
    if (known) return known;
    const made = { latest: never, seenMs: nowMs, isIdle: false };
    partitions.set(partition, made);
    return made;
  }

  /** Takes the time of a row, in the order of its partition; answers why it is too late, if it is. */
  admit(source: bigint, partition: number, time: Value, nowMs: number): string | undefined {
    const found = this.#sources.get(source);
    if (!found) return undefined;
    if (time === null) return 'it has no time, which the watermark goes by';
    const own = this.#partition(found, partition, nowMs);
    own.seenMs = nowMs;
    const least = found.mark - found.of.lateness;
    const isLate = (time as number) < least;
    const isFarther = (time as number) > own.latest;
    if (isFarther) {
      own.latest = time as number;
      this.#changed.add(`${source} ${partition}`);
    }
    if (isFarther || own.isIdle) {
      own.isIdle = false;
      this.#advance(found);
    }
    return isLate ? `it is late: ${printTimestamp(time as number, false)} is before ${printTimestamp(least, false)}` : undefined;
  }

  /** Passes over partitions without records for so long; whether a watermark has come farther by that. */
  rest(nowMs: number): boolean {
    let isFarther = false;
    for (const source of this.#sources.values()) {
      for (const partition of source.partitions.values()) partition.isIdle ||= nowMs - partition.seenMs >= source.of.idleMs;
      isFarther = this.#advance(source) || isFarther;
    }
    return isFarther;
  }

  #advance(source: Source): boolean {
    let [least, most] = [Number.POSITIVE_INFINITY, never];
    for (const { latest, isIdle } of source.partitions.values()) {
      if (!isIdle && latest < least) least = latest;
      if (latest > most) most = latest;
    }
    // Where all are idle, the one that came farthest says how far they would be.
    const mark = (least === Number.POSITIVE_INFINITY ? most : least) - source.of.delay;
    if (mark <= source.mark) return false;
    source.mark = mark;
    this.#changed.add(String(source.of.id));
    return true;
  }

  /** The watermarks as they are. */
  clocks(): Clocks {
    return new Map([...this.#sources].flatMap(([id, { mark }]) => (mark === never ? [] : [[id, mark] as const])));
  }

  mark(source: bigint): number | undefined {
    const mark = this.#sources.get(source)?.mark ?? never;
    return mark === never ? undefined : mark;
  }

  settle(): CircuitEntry[] {
    const changed = this.#changed;
    this.#changed = new Set();
    return [...this.dump()].filter(([, key]) => changed.has(key));
  }

  *dump(): Generator<CircuitEntry> {
    for (const [id, { partitions, mark }] of this.#sources) {
      if (mark !== never) yield [watermarkEntries, String(id), mark];
      for (const [partition, { latest }] of partitions) if (latest !== never) yield [watermarkEntries, `${id} ${partition}`, latest];
    }
  }

  load([, key, written]: CircuitEntry, nowMs: number): void {
    const [id = '', partition] = key.split(' ');
    const source = this.#sources.get(BigInt(id));
    if (!source) return;
    if (partition === undefined) source.mark = written as number;
    else this.#partition(source, Number(partition), nowMs).latest = written as number;
  }
}
