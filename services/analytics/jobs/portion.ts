import type { Incoming } from '#seams/log/log.ts';
import { isRefusal } from '../domain/record.ts';
import { type Batch, gathered, valueAt, type Vector } from '../engine/batch.ts';
import type { Read } from '../engine/json.ts';
import { type Answering, withRoutines } from '../engine/routine/calls.ts';
import type { Clocks } from '../engine/clock.ts';
import type { Done, View } from '../engine/view.ts';
import type { Watermarks } from '../engine/watermark.ts';
import { reasonMax } from '../store/limits.ts';
import type { Outcome, Refused } from './gathered.ts';

/** Rows, each with the number of its record, and with how far the watermark of the source had come behind that. */
type Taken = {
  readonly batch: Batch;
  readonly numbers: Uint32Array;
  readonly marks: Float64Array | undefined;
  /** Which of the rows that were read these are, where not all. */
  readonly kept: Uint32Array | undefined;
};
/** Rows of records, which a step takes from one to another. */
type Portion = Pick<Taken, 'numbers' | 'marks'> & {
  readonly records: readonly Incoming[];
  readonly size: number;
  take(from: number, to: number, clocks: Clocks): Promise<Done>;
};

export const refuse = (refused: Refused[], record: Incoming, { message }: Error): void =>
  void refused.push({ record, reason: message.slice(0, reasonMax) });

/** The rows of records, and without them the records that come too late. */
export function admitted(
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

/** A step with what functions answer in it, which is kept, or undone where it throws. */
export async function stepped(
  call: Answering,
  view: View,
  changes: ReadonlyMap<bigint, Batch>,
  clocks = view.watermarks.clocks(),
): Promise<Done> {
  const undo = () => {
    view.rejected();
    view.undo();
  };
  try {
    return view.settled(await withRoutines(call, () => view.step(changes, clocks), undo));
  } catch (error) {
    undo();
    throw error;
  }
}

/** Gives rows to a view together; where that fails, in halves, until those of records that fail are alone. */
export async function step(
  { watermarks }: Pick<View, 'watermarks'>,
  source: bigint,
  portion: Portion,
  outcome: Outcome,
  refused: Refused[],
  from = 0,
  to = portion.size,
): Promise<void> {
  const { records, numbers, marks } = portion;
  // As far as the last of these had come: what is behind it would find its windows closed.
  const mark = marks?.[to - 1] ?? Number.NEGATIVE_INFINITY;
  const clocks = watermarks.clocks();
  try {
    const done = await portion.take(from, to, mark === Number.NEGATIVE_INFINITY ? clocks : new Map([...clocks, [source, mark]]));
    // One by one: there may be more than a call takes arguments.
    for (const reason of done.rejected) outcome.rejected.push(reason);
    for (const entry of done.entries) outcome.entries.push(entry);
    for (const changed of done.changes) outcome.changes.push(changed);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const first = numbers[from] as number;
    if (numbers[to - 1] === first) {
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
    await step({ watermarks }, source, portion, outcome, refused, from, half);
    await step({ watermarks }, source, portion, outcome, refused, half, to);
  }
}
