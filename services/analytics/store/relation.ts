import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import { PostgresError } from '#seams/sql/error.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Format } from '../domain/format.ts';
import type { Index } from '../domain/constraint.ts';
import type { Origin } from '../domain/origin.ts';
import type { Target } from '../domain/sink.ts';
import type { RowTypeKept } from './row-type.ts';
import type { Column } from '../domain/value.ts';
import type { Orders } from '../domain/join-order.ts';
import { alter, type Altering } from './alter.ts';
import { relationsMax } from './limits.ts';
import { loosening } from './loose-topic.ts';
import { making, type Seen } from './making.ts';
import { replace } from './replace.ts';

/**
 * A source, which reads a topic, a view over others that is kept up, a query, which is a SELECT under a name, a sink, a table with rows
 * of its own, or a type, whose columns are fields.
 */
export type Relation = {
  readonly id: bigint;
  readonly name: string;
  readonly kind: 'source' | 'view' | 'query' | 'sink' | 'table' | 'type';
  readonly columns: readonly Column[];
  readonly topic: string | null;
  /** How values of a source's topic are read; null of a view. */
  readonly format: Format | null;
  readonly text: string | null;
  /** Where a sink's changes go. */
  readonly target: Target | null;
  /** Where a source has its rows from over a connection. */
  readonly origin: Origin | null;
  /** Names, in order, of what a view reads. */
  readonly needs: readonly string[];
  /** The types of rows that its statement names. */
  readonly types: readonly RowTypeKept[];
  /** What the kept state of a view is of; null before its first commit. */
  readonly shape: string | null;
  readonly epoch: bigint;
  readonly groups: bigint;
  readonly rejected: bigint;
  readonly rejection: string | null;
  /** In what orders it joins relations; null where none was weighed. */
  readonly orders: Orders | null;
  /** The view that computes a part of this one's plan, which part that is, and whether it is all of the other's plan. */
  readonly shares: bigint | null;
  readonly part: SharedPart | null;
  /** Of a table: the indexes that were made behind its statement. */
  readonly indexes: readonly Index[] | null;
  /** Of a view or table, where its statement does not say it: for how many milliseconds it remembers what was; 0 for none. */
  readonly historyMs: bigint | null;
  /** Since when, in milliseconds since 1970. */
  readonly historyFrom: number | null;
};

/** A part of a plan by its hash; `whole`: that of a view within the plan, which stays as that view has it. */
export type SharedPart = { readonly hash: string; readonly whole?: string | undefined };

export type NewRelation = Pick<Relation, 'name' | 'kind' | 'columns' | 'topic' | 'format' | 'text' | 'target'> & {
  readonly needs: readonly Relation[];
  /** Of a plain view that takes the place of one: by what names, and with how many columns, it knows what it needs. */
  readonly known?: ReadonlyMap<bigint, Pick<Needed, 'said' | 'width'>>;
  readonly origin?: Origin;
  /** The connection that a sink or source goes over. */
  readonly connection?: bigint | undefined;
  /** The functions that a view or sink calls. */
  readonly calls?: readonly bigint[];
  readonly orders?: Orders | null;
  readonly shares?: bigint | null;
  readonly part?: SharedPart | null;
  readonly indexes?: readonly Index[] | null;
  readonly historyMs?: bigint | null;
};

export type Needed = { readonly said: string; readonly width: number; readonly relation: Relation };

/** Whether a relation has rows of its own that are asked for. */
export const isRead = (relation: Relation): relation is Relation & { readonly kind: 'source' | 'view' | 'table' } =>
  isNamed(relation) && relation.kind !== 'query';

/** Whether a SELECT may name a relation. */
export const isNamed = ({ kind }: Relation): boolean => kind !== 'sink' && kind !== 'type';

export const words = {
  ...{ source: 'source', view: 'materialized view', query: 'view', sink: 'sink', table: 'table', type: 'type' },
} as const;

export const missing = (kind: Relation['kind'], name: string): StatementError =>
  new StatementError(kind === 'type' ? '42704' : sqlstates.relationMissing, `${words[kind]} "${name}" does not exist`);
const dependents = (kind: Relation['kind']) => (kind === 'type' ? 'other objects' : 'views or sinks');

const columns = `id, name, kind, columns, topic, format, text, target, origin, shape, epoch, groups, rejected, rejection,
  orders, indexes, shares, part, history_ms as "historyMs",
  (extract(epoch from coalesce(history_from, case kind when 'table' then created end)) * 1000)::float8 as "historyFrom",
  array(select r.name::text from need n
  join relation r on r.id = n.relation where n.view = relation.id and r.kind <> 'type' order by 1) as needs,
  coalesce((select jsonb_agg(jsonb_build_object('id', r.id::text, 'name', r.name, 'columns', r.columns)) from need n
  join relation r on r.id = n.relation where n.view = relation.id and r.kind = 'type'), '[]') as types`;

/** The sources and views of every environment. */
export class Relations {
  readonly #sql: Sql;
  /** Moves with what is made and dropped, so that what was understood before is understood anew. */
  generation = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async find(at: Seen, name: string): Promise<Relation | undefined> {
    const made = at.unsettled?.made(name);
    if (made) return made;
    const [found] = (await this.#sql.as(at).query<Relation>(`select ${columns} from relation where name = $1`, [name])).rows;
    return found && at.unsettled?.isGone(found.id) ? undefined : found;
  }

  /** One by its number, whatever its name is by now. */
  async byId(at: Placed, id: bigint): Promise<Relation | undefined> {
    return (await this.#sql.as(at).query<Relation>(`select ${columns} from relation where id = $1`, [id])).rows[0];
  }

  /** What a view or sink reads, as its statement knows it: by the names, and with the columns, that there were. */
  async needed(at: Seen, view: bigint): Promise<readonly Relation[]> {
    const found = await this.neededAs(at, view);
    return found.map(({ said, width, relation }) => ({ ...relation, name: said, columns: relation.columns.slice(0, width) }));
  }

  /** The same as it is now, with the name by which it is known, and how many of its columns are. */
  async neededAs(at: Seen, view: bigint): Promise<readonly Needed[]> {
    const unsettled = at.unsettled?.neededAs(view);
    if (unsettled) return unsettled;
    const text = `select n.said, n.width, relation.* from need n join (select ${columns} from relation) relation
      on relation.id = n.relation where n.view = $1 and relation.kind <> 'type' order by 1, relation.name`;
    const { rows } = await this.#sql.as(at).query<Relation & { said: string | null; width: number | null }>(text, [view]);
    return rows.map(({ said, width, ...relation }) => ({
      ...{ said: said ?? relation.name, width: width ?? relation.columns.length, relation: at.unsettled?.heir(relation.id) ?? relation },
    }));
  }

  async alter(at: Placed, relation: Relation, to: Altering): Promise<void> {
    await alter(this.#sql, at, relation, to);
    this.generation += 1;
  }

  /** Puts a plain view in the place of one, and answers the names of the views that are computed otherwise then. */
  async replace(at: Placed, relation: Relation, by: NewRelation): Promise<string[]> {
    const others = await replace(this.#sql, at, relation, by);
    this.generation += 1;
    return others;
  }

  /** What stands on a relation, by way of others too: what nothing else stands on comes first. */
  async standing(at: Seen, { id }: Relation): Promise<Relation[]> {
    const found = new Map<bigint, Relation>();
    const text = `select ${columns} from relation where id in (select view from need where relation = any($1::int8[])) order by name`;
    for (let ids = [id]; ids.length > 0; ) {
      const all = ids.flatMap((each) => at.unsettled?.taken(each) ?? [each]);
      const { rows } = await this.#sql.as(at).query<Relation>(text, [all]);
      const next = [...rows.filter((each) => !at.unsettled?.isGone(each.id)), ...(at.unsettled?.needing(all) ?? [])];
      for (const each of next) {
        // What is found again stands on more than it was known to.
        found.delete(each.id);
        found.set(each.id, each);
      }
      ids = next.map((each) => each.id);
    }
    return [...found.values()].reverse();
  }

  /** Those of some names that are there. */
  async some(at: Seen, names: readonly string[]): Promise<Relation[]> {
    const text = `select ${columns} from relation where name = any($1::text[]) and kind not in ('sink', 'type')`;
    const { rows } = await this.#sql.as(at).query<Relation>(text, [names]);
    const { unsettled } = at;
    if (!unsettled) return rows;
    const made = names.flatMap((name) => unsettled.made(name) ?? []).filter(isNamed);
    return [...rows.filter(({ id, name }) => !unsettled.isGone(id) && !made.some((each) => each.name === name)), ...made];
  }

  /** The types of rows that there are. */
  async rowTypes(at: Seen): Promise<Relation[]> {
    const kept = await this.list(at, 'type');
    const { unsettled } = at;
    return unsettled ? [...kept.filter(({ id }) => !unsettled.isGone(id)), ...unsettled.madeTypes()] : kept;
  }

  /** The table that an index of a name is of. */
  async withIndex(at: Seen, name: string): Promise<Relation | undefined> {
    const text = `select ${columns} from relation where indexes @> jsonb_build_array(jsonb_build_object('name', $1::text))`;
    const { rows } = await this.#sql.as(at).query<Relation>(text, [name]);
    return rows.find(({ id }) => !at.unsettled?.isGone(id)) ?? at.unsettled?.indexed(name);
  }

  /** Has a view compute all of its plan, from its first record on. */
  async unshare(at: Placed, id: bigint): Promise<void> {
    await this.#sql.as(at).query('update relation set shares = null, part = null where id = $1', [id]);
  }

  /** The views that read a part of one. */
  async sharers(at: Placed, id: bigint): Promise<Relation[]> {
    return (await this.#sql.as(at).query<Relation>(`select ${columns} from relation where shares = $1 order by id`, [id])).rows;
  }

  async list(at: Placed, kind: Relation['kind']): Promise<Relation[]> {
    return (await this.#sql.as(at).query<Relation>(`select ${columns} from relation where kind = $1 order by name`, [kind])).rows;
  }

  /** The number of a relation that is to be made. */
  async reserve(at: Placed): Promise<bigint> {
    const text = `select nextval(pg_get_serial_sequence('relation', 'id')) as id, (select count(*) from relation) as count`;
    const [row] = (await this.#sql.as(at).query<{ id: bigint; count: bigint }>(text)).rows;
    if (!row || row.count >= BigInt(relationsMax))
      throw fault('QuotaExceeded', `An environment has at most ${relationsMax} sources, tables, views, sinks and types.`);
    return row.id;
  }

  async create(at: Placed, relation: NewRelation): Promise<Relation> {
    const id = await this.reserve(at);
    await this.settled([relation.name], () => this.#sql.as(at).group(making(id, relation)));
    return (await this.byId(at, id)) as Relation;
  }

  /** Words what a change of the catalogue meets that others changed meanwhile; `names` are those of what it makes. */
  async settled(names: readonly string[], work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.generation += 1;
    } catch (error) {
      if (!(error instanceof PostgresError)) throw error;
      if (error.duplicate) throw new StatementError(sqlstates.relationThere, `relation "${names.join('" or "')}" already exists`);
      if (error.sqlstate === '23503' && names.length === 0)
        throw new StatementError(sqlstates.dependents, 'cannot drop a relation because views or sinks depend on it');
      if (error.sqlstate === '23503')
        throw new StatementError(
          sqlstates.relationMissing,
          'a relation that the view reads, its connection or a function was dropped meanwhile',
        );
      throw error;
    }
  }

  /** Refuses a relation that views or sinks read which a transaction leaves. */
  async checkUnneeded(at: Seen, { id, name, kind }: Relation): Promise<void> {
    const ids = at.unsettled?.taken(id) ?? [id];
    const { rows } = await this.#sql.as(at).query<{ view: bigint }>('select view from need where relation = any($1::int8[])', [ids]);
    if ((at.unsettled?.needing(ids).length ?? 0) > 0 || rows.some(({ view }) => !at.unsettled?.isGone(view)))
      throw new StatementError(sqlstates.dependents, `cannot drop ${words[kind]} ${name} because ${dependents(kind)} depend on it`);
  }

  /** Drops a source or view, and answers what it was. */
  async drop(at: Placed, kind: Relation['kind'], name: string): Promise<Relation> {
    try {
      const { rows } = await this.#sql
        .as(at)
        .query<Relation>(loosening(`delete from relation where name = $1 and kind = $2 returning ${columns}`, '*'), [name, kind]);
      const [gone] = rows;
      this.generation += 1;
      if (gone) return gone;
    } catch (error) {
      if (error instanceof PostgresError && error.sqlstate === '23503')
        throw new StatementError(sqlstates.dependents, `cannot drop ${words[kind]} ${name} because ${dependents(kind)} depend on it`);
      throw error;
    }
    throw missing(kind, name);
  }
}
