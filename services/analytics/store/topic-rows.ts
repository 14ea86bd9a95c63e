import { createHash } from 'node:crypto';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import type { Incoming, ScopedLog } from '#seams/log/log.ts';
import { type Format, isGrowing } from '../domain/format.ts';
import { begunAt } from '../domain/start.ts';
import { Intake } from '../engine/intake.ts';
import { duckRowsMax, duckRowsMin, duckStoredBytes, duckStoredMs, storedRecords } from '../engine/duck/limits.ts';
import { type Seat, Stored } from '../engine/duck/seat.ts';
import { storedForm } from '../engine/duck/form.ts';
import type { Relation } from './relation.ts';
import type { SchemaStore } from './schema.ts';

export type Bounds = Awaited<ReturnType<ScopedLog['bounds']>>;
export const recordsIn = (bounds: Bounds): number => bounds.reduce((sum, { first, next }) => sum + next - first, 0);

/** How far a source's topic goes, from where the source begins. */
export async function boundsOf(log: ScopedLog, { topic, format }: Pick<Relation, 'topic' | 'format'>): Promise<Bounds> {
  const begun = begunAt(format?.begun);
  return (await log.bounds(topic ?? '')).map(({ first, next }, partition) => {
    const from = Math.max(first, begun.get(partition) ?? first);
    return { first: from, next: Math.max(from, next) };
  });
}

/** A record by which it is seen that a topic is still the one that was read. */
type Mark = { readonly offset: number; readonly text: string };
const markOf = ({ offset, timestamp, value }: Incoming): Mark => ({
  offset,
  text: `${timestamp} ${createHash('sha256')
    .update(value ?? '')
    .digest('base64')}`,
});

/** Rows of a topic in DuckDB, and how far it was read. */
class TopicRows extends Stored {
  readonly madeAt = Date.now();
  /** The columns that records were read by: whether one fits is a matter of these. */
  used: ReadonlySet<number> = new Set();
  bounds: Bounds = [];
  readonly marks = new Map<number, Mark>();
  /** The last records of a reading that is under way. */
  readonly last = new Map<number, Incoming>();
}

type With = { readonly logs: Logs; readonly schemas: SchemaStore };
type Asked = {
  readonly at: Placed;
  readonly log: ScopedLog;
  readonly relation: Relation;
  readonly bounds: Bounds;
  readonly used: ReadonlySet<number>;
  readonly signal: AbortSignal;
};

/** Why rows cannot be had: a column of which a value does not fit, the topic, which changed, or that there are too many. */
type Unfit = { readonly place: number } | 'changed' | 'refused' | 'large';

const isWithin = (few: Iterable<number>, many: ReadonlySet<number>): boolean => [...few].every((place) => many.has(place));
const listed = (places: Iterable<number>): string => [...places].sort((left, right) => left - right).join(' ');

/**
 * The rows of a topic in DuckDB as far as it goes now, read anew or from where they were read to. Records that do not fit are left
 * out, and which those are is told by the columns that a query reads: rows that are for other queries too are of a topic without
 * such records.
 */
export async function topicRows(of: With, seat: Seat, asked: Asked): Promise<TopicRows | { readonly place: number } | undefined> {
  const { relation, used } = asked;
  const isTold = relation.format?.kind === 'json' && relation.format.envelope === undefined;
  const [shared, own] = [`topic ${relation.id}`, `topic ${relation.id} ${listed(used)}`];
  const known = seat.find<TopicRows>(shared);
  for (const name of [shared, own]) {
    const stored = seat.find<TopicRows>(name);
    if (!stored || !isWithin(used, stored.used) || Date.now() - stored.madeAt > duckStoredMs) continue;
    const found = isContinued(stored, asked.bounds) ? await extended(of, seat, asked, stored, isTold && name === shared) : 'changed';
    if (found === undefined) return stored;
    await seat.forget(name);
    if (typeof found === 'object') return found;
    if (found === 'large') return undefined;
  }
  const all = new Set([...used, ...(known?.used ?? [])]);
  for (const [name, columns, isClean] of [[shared, all, isTold] as const, [own, used, false] as const]) {
    if (isClean && seat.unfit.has(shared)) continue;
    const places = [...columns].filter((place) => isStorable(seat, relation, place)).sort((left, right) => left - right);
    const made = (await seat.make(name, relation.columns, places, TopicRows)) as TopicRows;
    made.used = columns;
    const found = await extended(of, seat, asked, made, isClean);
    if (found === undefined) return made;
    await seat.forget(name);
    if (typeof found === 'object') return found;
    if (found !== 'refused') return undefined;
    seat.unfit.add(shared);
  }
  return undefined;
}

/** Whether a relation has so many records that DuckDB is asked, and not more than it keeps. */
export const isLong = ({ kind, format }: Relation, records: number): boolean =>
  kind === 'source' && isGrowing(format) && records >= duckRowsMin && records <= duckRowsMax;

/** Whether a column can lie in DuckDB. */
export const isStorable = ({ unfit }: Pick<Seat, 'unfit'>, { id, columns }: Pick<Relation, 'id' | 'columns'>, place: number): boolean =>
  storedForm(columns[place]?.type ?? 'interval').kind !== 'absent' && !unfit.has(`${id} ${place}`);

/** Whether what was read before is still there: nothing of it was deleted, and no partition is shorter. */
const isContinued = ({ bounds }: TopicRows, now: Bounds): boolean =>
  bounds.every(({ first, next }, partition) => now[partition]?.first === first && now[partition].next >= next);

/** Reads on to the end of the topic. Of what is `clean` no record may be one that does not fit. */
async function extended({ schemas }: With, seat: Seat, asked: Asked, stored: TopicRows, isClean: boolean): Promise<Unfit | undefined> {
  const { at, log, relation, bounds, signal } = asked;
  const format = relation.format as Format;
  const intake = new Intake(format, relation.columns, stored.used);
  const seen = new Set<number>();
  let waiting: (Buffer | null)[] = [];
  let adding: Promise<number | undefined> = Promise.resolve(undefined);
  const take = async (): Promise<Unfit | undefined> => {
    const { batch, refused } = intake.read(waiting, await schemas.of(at, format, waiting));
    waiting = [];
    if (isClean && refused.length > 0) return 'refused';
    const place = await adding;
    if (place !== undefined) return { place };
    if (stored.bytes > duckStoredBytes) return 'large';
    adding = seat.add(stored, batch);
    adding.catch(() => undefined);
    return undefined;
  };
  const begun = new Map(stored.marks);
  const from = new Map([...begunAt(format.begun), ...[...begun].map(([partition, { offset }]) => [partition, offset] as const)]);
  for await (const records of log.read(relation.topic ?? '', signal, from))
    for (const record of records) {
      const { partition, value } = record;
      const last = begun.get(partition);
      if (last && !seen.has(partition)) {
        seen.add(partition);
        if (markOf(record).text !== last.text || record.offset !== last.offset) return 'changed';
        continue;
      }
      stored.last.set(partition, record);
      if (waiting.push(value) < storedRecords) continue;
      const found = await take();
      if (found) return found;
    }
  if ([...begun.keys()].some((partition) => !seen.has(partition))) return 'changed';
  const found = (await take()) ?? (await adding.then((place) => (place === undefined ? undefined : { place })));
  if (found) return found;
  for (const [partition, record] of stored.last) stored.marks.set(partition, markOf(record));
  stored.last.clear();
  stored.bounds = bounds;
  return undefined;
}
