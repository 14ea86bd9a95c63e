import type { Call } from '#kernel/contract/call.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { isGrowing } from '../../domain/format.ts';
import { inputsOf, type Plan, scansIn } from '../../domain/plan.ts';
import type { Query } from '../../domain/planner.ts';
import type { Row } from '../../domain/value.ts';
import { readsOf } from '../../domain/wanted.ts';
import { standing } from '../../engine/answer.ts';
import { type Batch, BatchBuilder } from '../../engine/batch.ts';
import { batchOf } from '../../engine/duck/column.ts';
import { typesOf } from '../../engine/duck/form.ts';
import { duckPassesMin, duckTableRowsMin } from '../../engine/duck/limits.ts';
import { type Part, partsOf } from '../../engine/duck/part.ts';
import { DuckFailure } from '../../engine/duck/process.ts';
import { type Seat, Stored } from '../../engine/duck/seat.ts';
import { SelectWriter } from '../../engine/duck/select.ts';
import { sourceRowsMax } from '../limits.ts';
import type { Relation } from '../relation.ts';
import { type Bounds, boundsOf, isLong, isStorable, recordsIn, topicRows } from '../topic-rows.ts';
import type { World } from './world.ts';

type Asked = {
  readonly query: Query;
  readonly relations: Iterable<Relation>;
  readonly params: Row;
  /** A table or view, also as it was at a moment, as the one who asks sees it. */
  readonly rowsOf: (relation: Relation) => Promise<Batch>;
  /** Whether one row of a table is asked for by its key. */
  readonly isKeyed: (relation: Relation) => Promise<boolean>;
};

/** What is left of a plan, and the rows of the parts that were carried out apart. */
type Apart = { readonly plan: Plan; readonly rows: ReadonlyMap<bigint, Batch> };

/** Topics that are long enough for DuckDB to be asked, as far as they go now. */
async function longTopics({ logs }: Pick<World, 'logs'>, call: Pick<Call, 'caller'>, plan: Plan, relations: Iterable<Relation>) {
  const read = scansIn(plan);
  const found = new Map<bigint, Bounds>();
  const sources = [...relations].filter(({ id, kind, format }) => kind === 'source' && read.has(id) && isGrowing(format));
  if (sources.length > 0)
    await logs.as(call.caller, async (log) => {
      for (const source of sources) {
        const bounds = await boundsOf(log, source);
        if (isLong(source, recordsIn(bounds))) found.set(source.id, bounds);
      }
    });
  return found;
}

/** What was asked of the rows of tables since they changed, in passes over them. */
const passes = new WeakMap<Batch, number>();
const joinPasses = 8;
const passesIn = (plan: Plan): number =>
  inputsOf(plan).reduce((sum, input) => sum + passesIn(input), plan.kind === 'join' ? joinPasses : plan.kind === 'group' ? 1 : 0);

/** Large tables of which so much was asked, since they changed, that it pays to send their rows. */
async function askedOften({ tables }: World, { query: { plan }, relations, rowsOf, isKeyed }: Asked): Promise<Set<bigint>> {
  const read = scansIn(plan);
  const found = new Set<bigint>();
  for (const relation of relations) {
    // Rows of a moment, whose numbers are below nothing, are made anew for each question.
    if (relation.kind !== 'table' || relation.id < 0n || !read.has(relation.id)) continue;
    if ((await tables.get(relation.id)).view.size < duckTableRowsMin || (await isKeyed(relation))) continue;
    const batch = await rowsOf(relation);
    const made = (passes.get(batch) ?? 0) + passesIn(plan);
    passes.set(batch, made);
    if (made > duckPassesMin) found.add(relation.id);
  }
  return found;
}

/**
 * Carries out with DuckDB what parts of a plan ask of long topics and of tables that are asked often, where its answer is exactly
 * ours; undefined where there is no such part.
 */
export async function carriedApart(world: World, call: Call, asked: Asked): Promise<Apart | undefined> {
  const { query, relations } = asked;
  const known = new Map([...relations].map((relation) => [relation.id, relation]));
  const long = await longTopics(world, call, query.plan, known.values());
  const often = await askedOften(world, asked);
  if (long.size + often.size === 0) return undefined;
  try {
    return await world.duck.inTurn(call.caller, (seat) => inParts(world, call, asked, { seat, long, often, known }));
  } catch (error) {
    const refusal = error instanceof DuckFailure ? error.refusal : error instanceof StatementError ? error : undefined;
    if (!(error instanceof DuckFailure) && refusal?.sqlstate !== sqlstates.outOfRange) throw error;
    // What is an error there is asked here, where it comes in the order and the words of the text.
    if ([...long.values()].every((bounds) => recordsIn(bounds) <= sourceRowsMax)) return undefined;
    throw refusal ?? new StatementError(sqlstates.notBuilt, 'This query over so many records is not supported yet');
  }
}

type Within = {
  readonly seat: Seat;
  readonly long: ReadonlyMap<bigint, Bounds>;
  readonly often: ReadonlySet<bigint>;
  readonly known: ReadonlyMap<bigint, Relation>;
};

async function inParts(world: World, call: Call, asked: Asked, { seat, long, often, known }: Within): Promise<Apart | undefined> {
  for (;;) {
    const of = {
      ...{
        query: asked.query,
        params: asked.params,
        isKnown: (id: bigint) => known.has(id),
        isLong: (id: bigint) => long.has(id) || often.has(id),
      },
      isThere: (id: bigint, place: number) => isStorable(seat, known.get(id) ?? { id, columns: [] }, place),
    };
    const { rest, parts, first } = partsOf(of);
    if (parts.length === 0) return undefined;
    const tables = await stored(world, call, asked, { seat, long, often, known }, parts);
    if (tables === 'again') continue;
    if (!tables) return undefined;
    const writer = new SelectWriter({ ...of, plan: asked.query.plan, tableOf: (id) => tables.get(id) ?? '' });
    const rows = new Map<bigint, Batch>();
    for (const { plan, relation } of parts) {
      const select = writer.write(plan, plan === asked.query.plan ? first : undefined);
      if (!select) return undefined;
      const { sql, texts, forms } = select;
      const types = forms.flatMap((form, place) => typesOf(form, plan.columns[place]?.type ?? 'text'));
      rows.set(relation, batchOf(await seat.process.ask({ sql, texts, types }, call.signal), plan.columns, forms));
    }
    return { plan: rest, rows };
  }
}

/** The names of the tables that parts read, once all rows are in them; `again` where a column turned out to be none that can be. */
async function stored(world: World, call: Call, asked: Asked, { seat, long, known }: Within, parts: readonly Part[]) {
  const tables = new Map<bigint, string>();
  const read = readsOf(asked.query.plan);
  const kept = new Set<string>();
  for (const id of new Set(parts.flatMap(({ plan }) => [...scansIn(plan).keys()]))) {
    const relation = known.get(id) as Relation;
    const used = read.get(id) ?? new Set<number>();
    const bounds = long.get(id) ?? (relation.kind === 'source' ? [] : undefined);
    const { caller, signal } = call;
    const found = await (bounds === undefined
      ? batchRows(seat, relation, used, await asked.rowsOf(relation))
      : world.logs.as(caller, async (log) => {
          const own = bounds.length > 0 ? bounds : await boundsOf(log, relation);
          return topicRows(world, seat, { at: caller, log, relation, bounds: own, used, signal });
        }));
    if (!found) return undefined;
    if ('place' in found) {
      seat.unfit.add(`${id} ${found.place}`);
      return 'again';
    }
    tables.set(id, found.table);
    kept.add(found.table);
  }
  await seat.shrink(kept);
  return tables;
}

/** The rows of a table or view. */
class BatchRows extends Stored {
  of: Batch | undefined;
}

async function batchRows(seat: Seat, relation: Relation, used: ReadonlySet<number>, batch: Batch) {
  const name = `rows ${relation.id}`;
  const known = seat.find<BatchRows>(name);
  if (known?.of === batch && [...used].every((place) => known.places.includes(place))) return known;
  const places = relation.columns.map((_, place) => place).filter((place) => isStorable(seat, relation, place) && used.has(place));
  const made = (await seat.make(name, relation.columns, places, BatchRows)) as BatchRows;
  const place = await seat.add(made, batch.weights ? unweighted(batch, relation.columns) : batch);
  if (place !== undefined) {
    await seat.forget(name);
    return { place };
  }
  made.of = batch;
  return made;
}

function unweighted(batch: Batch, columns: Relation['columns']): Batch {
  const builder = new BatchBuilder(columns);
  for (const row of standing(batch)) builder.add(row, 1);
  return builder.finish();
}
