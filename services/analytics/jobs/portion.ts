import type { Incoming } from '#seams/log/log.ts';
import { isRefusal } from '../domain/record.ts';
import { type Batch, gathered, valueAt, type Vector } from '../engine/batch.ts';
import type { Read } from '../engine/json.ts';
import { answered } from '../engine/asking.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import { type LookUp, lookupsBy } from '../engine/looked.ts';
import { type Answering, callsOf, type RoutineCalls } from '../engine/routine/calls.ts';
import type { Clocks } from '../engine/clock.ts';
import type { Done, View } from '../engine/view.ts';
import type { Portion as Lying, SharedCircuit, Stepped } from '../engine/worker/shared-circuit.ts';
import type { Watermarks } from '../engine/watermark.ts';
import { reasonMax } from '../store/limits.ts';
import type { Lookups } from '../store/lookup.ts';
import type { Refused } from './gathered.ts';

/** Rows, each with the number of its record, and with how far the watermark of the source had come behind that. */
type Taken = {
  readonly batch: Batch;
  readonly numbers: Uint32Array;
  readonly marks: Float64Array | undefined;
  /** Which of the rows that were read these are, where not all. */
  readonly kept: Uint32Array | undefined;
};
/** What taking records did: by step, with what is to be written down of times, and records that were not taken. */
export type Computed<D> = {
  readonly steps: readonly D[];
  readonly marks: readonly CircuitEntry[];
  readonly refused: Refused[];
  readonly late: Refused[];
};
/** Rows that lie with workers, and what is known of them here. */
export type Handed = { readonly portion: Lying; readonly read: Read };
/** A step with rows, from one to another. */
export type Take<D> = (taken: Taken, from: number, to: number, clocks: Clocks) => Promise<D>;
/** Rows of records, which steps take from one to another, and what becomes of them. */
type Portion<D> = {
  readonly source: bigint;
  readonly records: readonly Incoming[];
  readonly taken: Taken;
  readonly clocks: Clocks;
  readonly take: Take<D>;
  readonly steps: D[];
  readonly refused: Refused[];
  /** Told when a record cannot be taken, before anything else is done. */
  readonly refusing: () => void;
};

const refuse = (refused: Refused[], record: Incoming, { message }: Error): void =>
  void refused.push({ record, reason: message.slice(0, reasonMax) });

/** The rows of records, and without them the records that come too late. */
function admitted(
  watermarks: Watermarks,
  source: bigint,
  records: readonly Incoming[],
  { batch, records: numbers }: Read,
): { taken: Taken; late: Refused[] } {
  const place = watermarks.placeOf(source);
  if (place === undefined) return { taken: { batch, numbers, marks: undefined, kept: undefined }, late: [] };
  const late: Refused[] = [];
  const now = Date.now();
  const kept = new Uint32Array(batch.size);
  const marks = new Float64Array(batch.size);
  let count = 0;
  for (let at = 0; at < batch.size; ) {
    const number = numbers[at] as number;
    const record = records[number] as Incoming;
    let [end, reason]: [number, string | undefined] = [at, undefined];
    for (; end < batch.size && numbers[end] === number; end += 1)
      reason = watermarks.admit(source, record.partition, valueAt(batch.columns[place] as Vector, end), now) ?? reason;
    if (reason !== undefined) late.push({ record, reason });
    const mark = watermarks.mark(source) ?? Number.NEGATIVE_INFINITY;
    for (; at < end; at += 1) {
      if (reason !== undefined) continue;
      kept[count] = at;
      marks[count] = mark;
      count += 1;
    }
  }
  if (count === batch.size) return { taken: { batch, numbers, marks, kept: undefined }, late };
  const places = kept.subarray(0, count);
  const of = Uint32Array.from(places, (each) => numbers[each] as number);
  return { taken: { batch: gathered(batch, places), numbers: of, marks: marks.subarray(0, count), kept: places }, late };
}

/** Hands records to workers, in this call: those of a format that workers do not read as the rows that are read here. */
export async function handedOver(
  shared: SharedCircuit,
  source: bigint,
  values: readonly (Buffer | null)[],
  times: number | undefined,
  readHere: () => Read,
): Promise<Handed> {
  if (shared.reads(source)) return await shared.read(source, values, times);
  const read = readHere();
  return { portion: await shared.give(source, read.batch), read };
}

/** Who calls functions, and looks rows up of relations as they are. */
export type Asked = { readonly routines: RoutineCalls; readonly lookups: Lookups };
/** What the steps of a view ask of others. */
export type Ways = { readonly call: Answering; readonly lookUp: LookUp };

/** A step with what functions answer in it and what is looked up, which is kept, or undone where it throws. */
export async function stepped(
  { call, lookUp }: Ways,
  view: View,
  changes: ReadonlyMap<bigint, Batch>,
  clocks = view.watermarks.clocks(),
): Promise<Done> {
  const undo = () => {
    view.rejected();
    view.undo();
  };
  try {
    return view.settled(await answered([callsOf(call), lookupsBy(lookUp)], () => view.step(changes, clocks), undo));
  } catch (error) {
    undo();
    throw error;
  }
}

/** Takes the rows of records in steps, without the records that come too late or do not fit. */
export async function computed<D>(
  watermarks: Watermarks,
  source: bigint,
  records: readonly Incoming[],
  read: Read,
  take: Take<D>,
  refusing: () => void = () => undefined,
): Promise<Computed<D>> {
  const [refused, steps]: [Refused[], D[]] = [[], []];
  for (const { record, error } of read.refused) refuse(refused, records[record] as Incoming, error);
  const { taken, late } = admitted(watermarks, source, records, read);
  // Those of records behind these are no part of it.
  const marks = watermarks.settle();
  const portion = { source, records, taken, clocks: watermarks.clocks(), take, steps, refused, refusing };
  if (taken.batch.size > 0) await step(portion, 0, taken.batch.size);
  return { steps, marks, refused, late };
}

/** The same of records that were handed to workers. */
export function computedThere(
  shared: SharedCircuit,
  { portion, read }: Handed,
  watermarks: Watermarks,
  source: bigint,
  records: readonly Incoming[],
): Promise<Computed<Stepped>> {
  let own: Lying | undefined;
  return computed(watermarks, source, records, read, ({ kept }, from, to, clocks) => {
    own ??= kept ? shared.keep(portion, kept) : portion;
    return shared.step(own, from, to, clocks);
  });
}

/** Gives rows to a view together; where that fails, in halves, until those of records that fail are alone. */
async function step<D>(portion: Portion<D>, from: number, to: number): Promise<void> {
  const { source, records, taken, clocks, take, steps, refused } = portion;
  const { numbers, marks } = taken;
  // As far as the last of these had come: what is behind it would find its windows closed.
  const mark = marks?.[to - 1] ?? Number.NEGATIVE_INFINITY;
  try {
    steps.push(await take(taken, from, to, mark === Number.NEGATIVE_INFINITY ? clocks : new Map([...clocks, [source, mark]])));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const first = numbers[from] as number;
    if (numbers[to - 1] === first) {
      portion.refusing();
      refuse(refused, records[first] as Incoming, error);
      return;
    }
    // Rows of one record stay together.
    let half = (from + to) >>> 1;
    while (half < to && numbers[half] === numbers[half - 1]) half += 1;
    if (half === to) {
      half = (from + to) >>> 1;
      while (numbers[half] === numbers[half - 1]) half -= 1;
    }
    await step(portion, from, half);
    await step(portion, half, to);
  }
}
