import type { Placed } from '#kernel/contract/provider.ts';
import type { Statistics } from '../domain/estimate.ts';
import { begunAt } from '../domain/start.ts';
import type { Format } from '../domain/format.ts';
import { type Batch, concatenated, emptyBatch } from '../engine/batch.ts';
import { Intake } from '../engine/intake.ts';
import { distinctIn } from '../engine/sketch.ts';
import type { LiveTables } from '../jobs/keep.ts';
import type { LiveViews } from '../jobs/live.ts';
import type { Carriers } from '../jobs/sink-carrier.ts';
import { sampleMs, sampleRecords, sampleWaitMs } from './limits.ts';
import type { Relation } from './relation.ts';
import type { SchemaStore } from './schema.ts';
import { boundsOf, recordsIn } from './topic-rows.ts';

/** How many rows there are, and some of them. */
type Known = { readonly rows: number; readonly batch: Batch };

const unknown = ({ columns }: Relation): Known => ({ rows: 1000, batch: emptyBatch(columns) });

/** What batches say: all rows of a relation, or some of so many. */
export function statisticsOf(known: ReadonlyMap<bigint, Known>): Statistics {
  const distinct = new Map<string, number>();
  return {
    rows: (relation) => known.get(relation)?.rows ?? 1,
    distinct(relation, place) {
      const key = `${relation} ${place}`;
      const counted = distinct.get(key);
      if (counted !== undefined) return counted;
      const { rows, batch } = known.get(relation) ?? { rows: 1, batch: undefined };
      const seen = batch && place < batch.columns.length ? Math.max(1, distinctIn(batch, place)) : 1;
      // Values that hardly come again in some of the rows are as many more in all of them.
      const isRare = batch !== undefined && seen > batch.size / 2;
      const made = isRare ? (seen * rows) / Math.max(1, batch.size) : seen;
      distinct.set(key, made);
      return made;
    },
  };
}

type With = {
  readonly live: LiveViews;
  readonly tables: LiveTables;
  readonly schemas: SchemaStore;
  readonly logs: Carriers['logs'];
};

/** What is known of relations when a view over them is made or explained. */
export class Samples {
  readonly #with: With;
  readonly #sources = new Map<bigint, { readonly at: number; readonly known: Promise<Known> }>();

  constructor(of: With) {
    this.#with = of;
  }

  async of(at: Placed, relations: Iterable<Relation>): Promise<Statistics> {
    // What cannot be looked at does not keep a statement from being understood.
    const known = await Promise.all(
      [...relations].map(async (each) => [each.id, await this.#known(at, each).catch(() => unknown(each))] as const),
    );
    return statisticsOf(new Map(known));
  }

  async #known(at: Placed, relation: Relation): Promise<Known> {
    const { live, tables } = this.#with;
    if (relation.origin?.lookup) return unknown(relation);
    if (relation.kind === 'source') return this.#source(at, relation);
    if (relation.kind === 'table') {
      const batch = await tables.get(relation.id).then((table) => table.inTurn(() => table.view.batch()));
      return { rows: batch.size, batch };
    }
    const loaded = await live.get(relation.id);
    return loaded.inTurn(() => ({ rows: loaded.view.size, batch: loaded.view.sample() }));
  }

  #source(at: Placed, source: Relation): Promise<Known> {
    const last = this.#sources.get(source.id);
    if (last && Date.now() - last.at < sampleMs) return last.known;
    const known = this.#sampled(at, source);
    known.catch(() => this.#sources.delete(source.id));
    this.#sources.set(source.id, { at: Date.now(), known });
    return known;
  }

  /** The first records of a source, and how many there are. */
  async #sampled(at: Placed, { topic, format, columns }: Relation): Promise<Known> {
    const { logs, schemas } = this.#with;
    const values: (Buffer | null)[] = [];
    const log = await logs.own(at, 'sample');
    const places = begunAt(format?.begun);
    for await (const records of log.read(topic ?? '', AbortSignal.timeout(sampleWaitMs), places)) {
      values.push(...records.slice(0, sampleRecords - values.length).map(({ value }) => value));
      if (values.length >= sampleRecords) break;
    }
    const own = format as Format;
    const { batch } = new Intake(own, columns).read(values, await schemas.of(at, own, values));
    return { rows: Math.max(recordsIn(await boundsOf(log, { topic, format })), batch.size), batch: concatenated([batch], columns) };
  }
}
