import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import type { Delivery, Heard, Incoming } from '#seams/log/log.ts';
import type { Format } from '../domain/format.ts';
import type { Schemas } from '../domain/record.ts';
import { Intake } from '../engine/intake.ts';
import type { Read } from '../engine/json.ts';
import { feedPortions, feedWaitMs, portionRecordsMax } from '../store/limits.ts';
import type { Relation } from '../store/relation.ts';
import type { Place } from '../store/state.ts';

type Source = Pick<Relation, 'id' | 'topic' | 'format' | 'columns'>;
type Places = ReadonlyMap<number, number>;

/** Records of one partition, as a view takes them. */
export type Fed = {
  readonly records: readonly Incoming[];
  readonly place: Place;
  /** Their rows, in which columns may be filled that are not asked for. */
  read(known: Schemas): Read;
};

/** What was decoded for views so far: records, and fields of them. */
export type Decoded = { records: number; fields: number };

const isIn = (some: ReadonlySet<number>, all: ReadonlySet<number>): boolean => [...some].every((each) => all.has(each));
const union = (sets: Iterable<ReadonlySet<number>>): Set<number> => new Set([...sets].flatMap((each) => [...each]));

/** Fetched records, which are decoded when a view first asks for them: for all that take them. */
class Portion {
  readonly records: readonly Incoming[];
  readonly place: Place;
  #decoded: { readonly used: ReadonlySet<number>; readonly read: Read } | undefined;

  constructor(records: readonly Incoming[], place: Place) {
    this.records = records;
    this.place = place;
  }

  read(run: Run, own: ReadonlySet<number>, known: Schemas): Read {
    if (!this.#decoded || !isIn(own, this.#decoded.used)) {
      const used = union([own, ...[...run.takers].map((taker) => taker.used)]);
      this.#decoded = { used, read: run.decode(used, this.records, known) };
    }
    const { used, read } = this.#decoded;
    // A record may be refused for a field that others read.
    return read.refused.length > 0 && used.size > own.size ? run.decode(own, this.records, known) : read;
  }
}

/** Who takes records: the columns that it reads, where it begins, and what is told of what reading the log found. */
export type Taking = { readonly used: ReadonlySet<number>; readonly from: Places; readonly heard?: (found: Heard) => void };
/** One who takes records: how far it came, and the number of the portion that is next for it. */
type Taker = Pick<Taking, 'used' | 'heard'> & { readonly places: Map<number, number>; next: number };

type Consume = (heard: (found: Heard) => void, signal: AbortSignal) => AsyncIterable<Delivery>;

/** One reading of a topic, of which all take that stand near each other. */
class Run {
  readonly takers = new Set<Taker>();
  readonly #source: Source;
  readonly #stop = new AbortController();
  readonly #deliveries: AsyncIterator<Delivery>;
  readonly #portions: Portion[] = [];
  /** The number of the first portion that is here. */
  #first = 0;
  /** Where the first portion that is here begins in each partition, and where the next one will. */
  readonly #from: Map<number, number>;
  readonly #next: Map<number, number>;
  /** What the last reading found of each partition. */
  readonly #heard = new Map<number, Heard>();
  #coming: Promise<void> | undefined;
  #moved = Promise.withResolvers<void>();
  #isOver = false;
  /** By the columns that are read. */
  readonly #intakes = new Map<string, Intake>();
  readonly #decoded: Decoded;

  constructor(source: Source, decoded: Decoded, places: Places, consume: Consume) {
    this.#source = source;
    this.#decoded = decoded;
    this.#from = new Map(places);
    this.#next = new Map(places);
    this.#deliveries = consume((found) => this.#hear(found), this.#stop.signal)[Symbol.asyncIterator]();
  }

  /** Whether all that somebody who stands there takes is here or still to come. */
  covers(places: Places): boolean {
    if (this.#isOver) return false;
    const partitions = new Set([...places.keys(), ...this.#next.keys()]);
    return [...partitions].every((partition) => {
      const at = places.get(partition) ?? -1;
      return at >= (this.#from.get(partition) ?? -1) && at <= (this.#next.get(partition) ?? -1);
    });
  }

  enter(taker: Taker): void {
    taker.next = this.#first;
    this.takers.add(taker);
    for (const each of this.#heard.values()) taker.heard?.({ ...each, first: undefined });
  }

  #hear(found: Heard): void {
    this.#heard.set(found.partition, found);
    for (const taker of this.takers) taker.heard?.(found);
  }

  leave(taker: Taker): void {
    this.takers.delete(taker);
    this.#move();
    if (this.takers.size > 0) return;
    this.#isOver = true;
    this.#stop.abort();
    this.#coming?.catch(() => undefined);
    this.#deliveries.return?.().catch(() => undefined);
  }

  /** The next portion for a taker, 'behind' where it is gone, or undefined where it has to be fetched. */
  here(taker: Taker): Portion | 'behind' | undefined {
    if (taker.next < this.#first) return 'behind';
    const portion = this.#portions[taker.next - this.#first];
    if (!portion) return undefined;
    taker.next += 1;
    this.#forget();
    this.#move();
    return portion;
  }

  /** Forgets what all have taken, but for the last of it, with which somebody may go on who comes near. */
  #forget(): void {
    const taken = Math.min(...[...this.takers].map(({ next }) => next)) - this.#first;
    let kept = 0;
    for (let at = taken - 1; at >= 0; at -= 1) {
      kept += this.#portions[at]?.records.length ?? 0;
      if (kept <= portionRecordsMax) continue;
      for (; at >= 0; at -= 1) this.#shift();
    }
  }

  #shift(): void {
    const gone = this.#portions.shift();
    if (gone) this.#from.set(gone.place.partition, gone.place.next);
    this.#first += 1;
  }

  /** Rows of records, for those who read some columns. */
  decode(used: ReadonlySet<number>, records: readonly Incoming[], known: Schemas): Read {
    const name = [...used].sort((left, right) => left - right).join();
    let intake = this.#intakes.get(name);
    if (!intake) {
      // Views come and go.
      if (this.#intakes.size >= feedPortions) this.#intakes.clear();
      this.#intakes.set(name, (intake = new Intake(this.#source.format as Format, this.#source.columns, used)));
    }
    this.#decoded.records += records.length;
    this.#decoded.fields += records.length * used.size;
    return intake.read(
      records.map(({ value }) => value),
      known,
    );
  }

  #move(): void {
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }

  /** Fetches more, once for all who wait for it. */
  async more(): Promise<void> {
    this.#coming ??= this.#add().finally(() => (this.#coming = undefined));
    await this.#coming;
  }

  async #add(): Promise<void> {
    while (this.#portions.length >= feedPortions) if (!(await this.#drop())) return;
    const { records, next } = await this.#delivered();
    for (let from = 0; from < records.length; from += portionRecordsMax) {
      const part = records.slice(from, from + portionRecordsMax);
      const isLast = from + portionRecordsMax >= records.length;
      const end = isLast ? next.offset : (part.at(-1) as Incoming).offset + 1;
      this.#portions.push(new Portion(part, { source: this.#source.id, partition: next.partition, next: end }));
    }
    this.#next.set(next.partition, next.offset);
  }

  async #delivered(): Promise<Delivery> {
    try {
      const { done, value } = await this.#deliveries.next();
      if (!done) return value;
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
    this.#isOver = true;
    throw fault('Unavailable', 'The log is read no more.');
  }

  /** Forgets the first portion; whoever has not taken it is waited for, as long as any of them goes on. */
  async #drop(): Promise<boolean> {
    while ([...this.takers].some(({ next }) => next <= this.#first)) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, feedWaitMs, 'late')));
      const found = await Promise.race([this.#moved.promise, late]);
      clearTimeout(timer);
      if (this.#stop.signal.aborted) return false;
      if (found === 'late') break;
    }
    this.#shift();
    return true;
  }
}

/**
 * The topics of an environment as its views take them: those that stand near each other have each record fetched and decoded once,
 * with the fields that any of them reads. Who is far behind, or slower than the others, reads by itself until it comes near.
 */
export class Feeds {
  readonly #logs: Logs;
  /** By source as its views know it, in the order in which they were begun. */
  readonly #runs = new Map<string, Run[]>();
  readonly #decoded = new Map<bigint, Decoded>();
  readonly #lanes = new Set<string>();
  readonly #moves = new Map<string, PromiseWithResolvers<void>>();

  constructor(logs: Logs) {
    this.#logs = logs;
  }

  /** What was decoded of a source since the service began. */
  decodedOf(source: bigint): Decoded {
    const known = this.#decoded.get(source) ?? { records: 0, fields: 0 };
    this.#decoded.set(source, known);
    return known;
  }

  /** Records of a source from some places on, until the signal. */
  async *follow(at: Placed, source: Source, { used, from, heard }: Taking, signal: AbortSignal): AsyncGenerator<Fed> {
    const name = `${at.tenant} ${at.scope} ${source.id} ${JSON.stringify([source.topic, source.format, source.columns])}`;
    const taker: Taker = { used, places: new Map(from), next: 0, ...(heard ? { heard } : {}) };
    let run = this.#entered(name, at, source, taker);
    const stopped = Promise.withResolvers<void>();
    const stop = () => stopped.resolve();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        const portion = run.here(taker);
        if (portion === 'behind' || (!portion && this.#nearer(name, run, taker))) {
          run.leave(taker);
          this.#end(name, run);
          run = this.#entered(name, at, source, taker);
          continue;
        }
        if (!portion) {
          const others = this.#moves.get(name) ?? Promise.withResolvers();
          this.#moves.set(name, others);
          const added = run.more().then(() => this.#move(name));
          await Promise.race([added, others.promise, stopped.promise]);
          added.catch(() => undefined);
          continue;
        }
        const begun = taker.places.get(portion.place.partition) ?? -1;
        if (portion.place.next <= begun) continue;
        const records = portion.records.filter(({ offset }) => offset >= begun);
        taker.places.set(portion.place.partition, portion.place.next);
        const isWhole = records.length === portion.records.length;
        const own = isWhole ? portion : new Portion(records, portion.place);
        const by = run;
        if (records.length > 0) yield { records, place: portion.place, read: (known) => own.read(by, used, known) };
      }
    } finally {
      signal.removeEventListener('abort', stop);
      run.leave(taker);
      this.#end(name, run);
    }
  }

  /** A run that was begun before, and that a taker who has taken all of its own could go on with. */
  #nearer(name: string, own: Run, taker: Taker): Run | undefined {
    const runs = this.#runs.get(name) ?? [];
    return runs.slice(0, runs.indexOf(own)).find((run) => run.covers(taker.places));
  }

  /** Lets those look again who wait for one run, as another has come farther. */
  #move(name: string): void {
    const known = this.#moves.get(name);
    this.#moves.delete(name);
    known?.resolve();
  }

  #entered(name: string, at: Placed, source: Source, taker: Taker): Run {
    const runs = this.#runs.get(name) ?? [];
    this.#runs.set(name, runs);
    let run = runs.find((each) => each.covers(taker.places));
    if (!run) {
      const places = new Map(taker.places);
      run = new Run(source, this.decodedOf(source.id), places, (...more) => this.#consume(at, source, places, ...more));
      runs.push(run);
    }
    run.enter(taker);
    return run;
  }

  async *#consume(at: Placed, source: Source, places: Places, ...[heard, signal]: Parameters<Consume>): AsyncGenerator<Delivery> {
    // Each run has a connection, where it waits for no other.
    let lane = '';
    for (let number = 0; lane === '' || this.#lanes.has(lane); number += 1) lane = `${at.scope} ${source.id} ${number}`;
    this.#lanes.add(lane);
    try {
      const log = await this.#logs.own(at, lane);
      yield* log.consume(source.topic ?? '', { from: 'earliest', at: places, heard, signal });
    } finally {
      this.#lanes.delete(lane);
    }
  }

  #end(name: string, run: Run): void {
    const runs = this.#runs.get(name) ?? [];
    if (run.takers.size > 0) return;
    this.#move(name);
    const left = runs.filter((each) => each !== run);
    if (left.length > 0) this.#runs.set(name, left);
    else this.#runs.delete(name);
  }
}
