import type { SelectStmt } from 'libpg-query';
import type { Placed } from '#kernel/contract/provider.ts';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { approximate } from '../domain/approximate.ts';
import { bounded, type Pace } from '../domain/closing.ts';
import type { Statistics } from '../domain/estimate.ts';
import { isWeighed, type Orders, reordered } from '../domain/join-order.ts';
import { cutAt, hashesIn, joinedAgain } from '../domain/part.ts';
import { pushedDown } from '../domain/push-down.ts';
import { type Context, placesIn } from '../domain/context.ts';
import { isGrowing } from '../domain/format.ts';
import type { Askable } from '../domain/lookup.ts';
import { checkSize, looksUp, type Plan, scansIn } from '../domain/plan.ts';
import { planNamed, planRows } from '../domain/planner.ts';
import { volatileFunctions } from '../domain/function-library.ts';
import { functionsIn, relationsIn } from '../domain/reference.ts';
import { parseStatement } from '../domain/statement.ts';
import type { Reference } from '../domain/foreign-key.ts';
import { type Table, tableOf } from '../domain/table.ts';
import { madeIn } from '../domain/table-statement.ts';
import type { TypesOf } from '../domain/type-name.ts';
import { type Column, isPseudo, type Type } from '../domain/value.ts';
import type { Changing } from '../domain/write.ts';
import type { View } from '../engine/view.ts';
import { plansKeptMax, viewDepthMax } from './limits.ts';
import type { Seen } from './making.ts';
import { meaningsOf, type Named } from './named.ts';
import { Points } from './point.ts';
import type { Relation, Relations, SharedPart } from './relation.ts';
import { keptTypes, rowTypesByOid, typesIn } from './row-type.ts';
import { selectOf } from './select.ts';
import { type Share, shareIn, type Sharer } from './share.ts';
import type { SqlFunctions } from './sql-function.ts';

/** A view that is understood. */
export type ViewPlan = {
  readonly name: string;
  readonly plan: Plan;
  /** What its text names. */
  readonly needs: readonly Relation[];
  /** The types of rows that it names. */
  readonly types: readonly Relation[];
  /** The sources that it reads in the end, through other views too. */
  readonly sources: readonly Relation[];
  /** For how many milliseconds it is remembered what its rows were. */
  readonly historyMs: number | undefined;
  /** The functions that its text calls. */
  readonly calls: readonly bigint[];
  /** In what orders it joins relations; null where the plan is as the text has it. */
  readonly orders: Orders | null;
  /** What a new view can have of another. */
  readonly share: Share | undefined;
  readonly part: SharedPart | null;
};

/** What is known of relations that a view reads, asked for when it is made. */
type KnownOf = (at: Placed, relations: Iterable<Relation>) => Promise<Statistics>;

export function scanOf({ id, name, columns, kind, format }: Relation): Plan {
  const { watermark, proctime } = format ?? {};
  const place = columns.findIndex((each) => each.name === watermark?.column);
  return {
    ...{ kind: 'scan', relation: id, name, columns },
    appends: kind === 'source' && isGrowing(format),
    ...(watermark ? { watermark: { place, lateness: watermark.latenessMs * 1000 } } : {}),
    ...(proctime === undefined ? {} : { proctime }),
  };
}

/** For how long a table remembers what was, by what was said of it last. */
export function historyOf({ historyMs }: Pick<Relation, 'historyMs'>, table: Table): number | undefined {
  return (historyMs === null ? table.historyMs : Number(historyMs)) || undefined;
}

/** A relation as it is asked for rows by a view. */
export function askableOf({ id, name, kind, columns, origin }: Relation): Askable {
  if (kind === 'query') throw notBuilt(`FOR SYSTEM_TIME AS OF PROCTIME() of "${name}", which is expanded where it is named,`);
  if (kind === 'sink' || kind === 'type' || (kind === 'source' && !origin?.lookup))
    throw new StatementError(
      sqlstates.notBuilt,
      `FOR SYSTEM_TIME AS OF PROCTIME() of the topic behind "${name}", whose records only come: look up a view over it`,
    );
  return { relation: id, name, kind, columns };
}

/** Refuses to keep up with what does not tell of its changes, and with what was found at a moment that does not come again. */
function checkKeepable({ name, origin }: Relation, plan: Plan): void {
  if (origin?.lookup)
    throw new StatementError(
      sqlstates.notBuilt,
      `"${name}" lies elsewhere and does not tell of its changes: JOIN "${name}" FOR SYSTEM_TIME AS OF PROCTIME(), or follow the table`,
    );
  if (looksUp(plan))
    throw new StatementError(
      sqlstates.notBuilt,
      `"${name}" looks rows up when its own come, and another view over it would find others: look them up in the SELECT itself`,
    );
}

/** Refuses what answers otherwise each time, and so cannot be kept up. */
function checkConstant(select: SelectStmt): void {
  const changing = [...functionsIn(select)].find((each) => volatileFunctions.has(each));
  if (changing !== undefined) throw notBuilt(`${changing}() in a view, whose rows would be others each time,`);
}

/** Refuses columns that no relation can have. */
export function checkMade(columns: readonly Column[]): void {
  const row = columns.find(({ type }) => isPseudo(type));
  if (row) throw new StatementError('42P16', `column "${row.name}" has pseudo-type record`);
  const twice = columns.find((each, place) => columns.findIndex((other) => other.name === each.name) !== place);
  if (twice) throw new StatementError('42701', `column "${twice.name}" specified more than once`);
}

/** A reference of a table to another one. */
export type Referring = { readonly relation: Relation; readonly reference: Reference };

/** The plans of views, as they are asked for by name and number. */
export class Plans {
  readonly #relations: Relations;
  readonly statistics: KnownOf;
  readonly functions: SqlFunctions;
  readonly points = new Points();
  readonly #known = new Map<bigint, ViewPlan>();
  /** Tables, with the indexes that they had, in JSON. */
  readonly #tables = new Map<bigint, { readonly table: Table; readonly made: string }>();

  /** How many workers may share a view. */
  readonly workers: number;
  /** Views in memory. */
  readonly #viewOf: (id: bigint) => Promise<View | undefined>;

  constructor(
    relations: Relations,
    functions: SqlFunctions,
    statistics: KnownOf,
    more: { readonly workers?: number; readonly viewOf?: (id: bigint) => Promise<View | undefined> } = {},
  ) {
    const { workers = 1, viewOf = async () => undefined } = more;
    this.workers = workers;
    this.#viewOf = viewOf;
    this.#relations = relations;
    this.statistics = statistics;
    this.functions = functions;
  }

  /** Moves with every change of what statements may name. */
  get generation(): number {
    return this.#relations.generation + this.functions.generation;
  }

  relation(at: Seen, name: string): Promise<Relation | undefined> {
    return this.#relations.find(at, name);
  }

  standing(at: Seen, relation: Relation): Promise<Relation[]> {
    return this.#relations.standing(at, relation);
  }

  /** The name of the table that an index is of. */
  async tableOfIndex(at: Placed, name: string): Promise<string> {
    const table = await this.#relations.withIndex(at, name);
    if (!table) throw new StatementError('42704', `index "${name}" does not exist`);
    return table.name;
  }

  async of(at: Seen, view: Relation): Promise<ViewPlan> {
    const known = this.#known.get(view.id);
    if (known) return known;
    const plan = await this.made(at, view);
    if (this.#known.size >= plansKeptMax) this.#known.clear();
    this.#known.set(view.id, plan);
    return plan;
  }

  /** What was understood of a relation that was altered, or whose functions were. */
  forget(id: bigint): void {
    this.#known.delete(id);
    this.#tables.delete(id);
  }

  /** What a table is made of. */
  async table({ id, text, indexes, types }: Pick<Relation, 'id' | 'text' | 'indexes' | 'types'>): Promise<Table> {
    const made = JSON.stringify(indexes);
    const known = this.#tables.get(id);
    if (known?.made === made) return known.table;
    const table = tableOf(await madeIn(text ?? '', keptTypes({ types })), indexes ?? []);
    if (this.#tables.size >= plansKeptMax) this.#tables.clear();
    this.#tables.set(id, { table, made });
    return table;
  }

  /** What names of types of rows stand for; `named` gets those that were asked for. */
  types(at: Seen, named?: Set<Relation>): TypesOf {
    return typesIn(this.#relations, at, named);
  }

  /** Types of rows by the numbers that clients name. */
  typesByOid(at: Seen, oids: readonly number[]): Promise<ReadonlyMap<number, Type>> {
    return rowTypesByOid(this.#relations, at, oids);
  }

  /** Those tables of an environment that somebody may list. */
  async tablesOf(at: Placed, listed: readonly { readonly name: string }[]): Promise<Relation[]> {
    const names = new Set(listed.map(({ name }) => name));
    return names.size === 0 ? [] : (await this.#relations.list(at, 'table')).filter(({ name }) => names.has(name));
  }

  /** The tables of an environment that have references, as far as they are kept. */
  readonly #referring = new Map<string, { readonly generation: number; readonly found: Promise<readonly Referring[]> }>();

  /** The references that tables have to one. */
  async referring(at: Seen, name: string): Promise<readonly Referring[]> {
    const key = `${at.tenant} ${at.scope}`;
    const { generation } = this.#relations;
    let known = this.#referring.get(key);
    if (known?.generation !== generation) {
      known = { generation, found: this.#referencesAt(at) };
      known.found.catch(() => this.#referring.delete(key));
      if (this.#referring.size >= plansKeptMax) this.#referring.clear();
      this.#referring.set(key, known);
    }
    const kept = (await known.found).filter(({ relation }) => !at.unsettled?.isGone(relation.id));
    const made = await this.#referencesOf(at.unsettled?.tables() ?? []);
    return [...kept, ...made].filter(({ reference }) => reference.table === name);
  }

  async #referencesAt({ tenant, scope }: Seen): Promise<readonly Referring[]> {
    return this.#referencesOf(await this.#relations.list({ tenant, scope }, 'table'));
  }

  async #referencesOf(relations: readonly Relation[]): Promise<Referring[]> {
    const found = relations.map(async (relation) => (await this.table(relation)).references.map((reference) => ({ relation, reference })));
    return (await Promise.all(found)).flat();
  }

  /** For how many milliseconds a view or table remembers what was; undefined where it does not. */
  async historyMs(at: Placed, relation: Relation): Promise<number | undefined> {
    if (relation.kind === 'view') return (await this.of(at, relation)).historyMs;
    return historyOf(relation, await this.table(relation));
  }

  /** Understands the statement that makes a view. */
  async view(at: Seen, text: string): Promise<ViewPlan> {
    const types = new Set<Relation>();
    const plan = await this.#planned(
      at,
      { text, types: this.types(at, types) },
      (select) => this.named(at, select),
      0,
      // Of what a transaction made nobody knows anything yet.
      (sources) =>
        this.statistics(
          at,
          [...sources].filter(({ id }) => !at.unsettled?.needsOf(id)),
        ),
    );
    return { ...plan, types: [...types] };
  }

  /** A view that is there. */
  async made(at: Seen, view: Relation, depth = 0): Promise<ViewPlan> {
    const needed = async () => new Map((await this.#relations.needed(at, view.id)).map((each) => [each.name, each]));
    const said = { text: view.text ?? '', types: keptTypes(view) };
    const plan = await this.#planned(at, said, needed, depth, view.orders, view.part);
    return view.historyMs === null ? plan : { ...plan, historyMs: Number(view.historyMs) || undefined };
  }

  /** Views within a view become part of it, so that it stands on sources alone. */
  async #planned(
    at: Seen,
    { text, types }: { readonly text: string; readonly types: TypesOf },
    needsOf: (select: SelectStmt) => Promise<Map<string, Relation>>,
    depth: number,
    by: Orders | null | ((sources: Iterable<Relation>) => Promise<Statistics>),
    shared: SharedPart | null = null,
  ): Promise<ViewPlan> {
    if (depth > viewDepthMax) throw new StatementError(sqlstates.tooComplex, `at most ${viewDepthMax} views stand on each other`);
    const statement = await parseStatement(text, types);
    if (statement?.kind !== 'createView') throw new StatementError(sqlstates.syntax, 'the text is no CREATE MATERIALIZED VIEW');
    const { name, pace, historyMs } = statement;
    const { tree: select, calls } = await this.functions.inlined(at, statement.select);
    checkConstant(select);
    const needs = await needsOf(select);
    const { sources, ...reading } = await this.#reading(at, needs, depth);
    const params: undefined[] = [];
    const rows = approximate(planRows(select, { ...contextOf(text, new Map(), params), ...reading }));
    checkSize(rows);
    const sharers = typeof by === 'function' ? await this.#sharers(at) : [];
    const whole = shared ? shared.whole : shareIn(rows, sharers, true)?.cut.hash;
    const kept = whole === undefined ? undefined : this.#kept(rows, pace, whole);
    const isKept = kept && (shared || shareIn(kept.plan, sharers));
    const { plan, orders } = isKept ? kept : await this.#ordered(rows, pace, typeof by === 'function' ? () => by(sources.values()) : by);
    const share = shareIn(plan, sharers);
    const part = share ? { hash: share.cut.hash, ...(isKept ? { whole } : {}) } : shared;
    if (params.length > 0) throw new StatementError(sqlstates.parameterMissing, 'there is no parameter $1');
    if (scansIn(plan).size === 0) throw notBuilt('A view of no source');
    checkMade(plan.columns);
    const read = { needs: [...needs.values()], types: [], sources: [...sources.values()] };
    return { name, plan, ...read, historyMs, calls, orders, share, part };
  }

  /** What the names of a view stand for, and the sources that are found by them, which are complete when it is planned. */
  async #reading(at: Seen, needs: ReadonlyMap<string, Relation>, depth: number) {
    const known = new Map<string, Pick<ViewPlan, 'plan' | 'sources'>>();
    for (const relation of needs.values()) known.set(relation.name, await this.#within(at, relation, depth + 1));
    const sources = new Map<bigint, Relation>();
    const relation = (named: string): Plan | undefined => {
      const [of, inner] = [needs.get(named), known.get(named)];
      if (!of || !inner) return undefined;
      checkKeepable(of, inner.plan);
      // Of one that has more columns by now, views that came later see more.
      for (const source of inner.sources)
        if ((sources.get(source.id)?.columns.length ?? 0) < source.columns.length) sources.set(source.id, source);
      return inner.plan;
    };
    const asked = (named: string) => {
      const of = needs.get(named);
      return of && askableOf(of);
    };
    return { relation, asked, sources };
  }

  /** A relation within a view; one that is a query is planned as a part of it. */
  async #within(at: Seen, relation: Relation, depth: number): Promise<Pick<ViewPlan, 'plan' | 'sources'>> {
    if (relation.kind === 'view') return this.made(at, relation, depth);
    if (relation.kind !== 'query') return { plan: scanOf(relation), sources: [relation] };
    if (depth > viewDepthMax) throw new StatementError(sqlstates.tooComplex, `at most ${viewDepthMax} views stand on each other`);
    const select = await selectOf(this.functions, at, relation);
    checkConstant(select);
    const needs = new Map((await this.#relations.needed(at, relation.id)).map((each) => [each.name, each]));
    const { sources, ...reading } = await this.#reading(at, needs, depth);
    const plan = planNamed(select, relation.columns, { ...contextOf('', new Map(), []), ...reading, at: () => undefined });
    return { plan, sources: [...sources.values()] };
  }

  /** The views at work whose parts others may read: such as took every record so far. */
  async #sharers(at: Seen): Promise<Sharer[]> {
    const found: Sharer[] = [];
    const all = (await this.#relations.list(at, 'view')).filter(
      ({ id, shares, rejected }) => shares === null && rejected === 0n && !at.unsettled?.isGone(id),
    );
    const views = await Promise.all(all.map(({ id }) => this.#viewOf(id)));
    for (const [place, relation] of all.entries()) {
      const view = views[place];
      if (!view) continue;
      // One that cannot be understood any more is no reason against another.
      const of = await this.of(at, relation).catch((error: unknown) => {
        if (!(error instanceof StatementError)) throw error;
      });
      if (of) found.push({ relation, view, plan: of.plan });
    }
    return found;
  }

  /** A plan that reads what a view within it comes to, which stays as it is for that. */
  #kept(rows: Plan, pace: Pace, hash: string) {
    const cut = cutAt(rows, hash, '');
    if (!cut) return undefined;
    const plan = bounded(joinedAgain(pushedDown(cut.rest), cut.part), pace);
    return [...hashesIn(plan).values()].includes(hash) ? { plan, orders: null } : undefined;
  }

  /** The plan in the order that costs least, or that was chosen; as the text has it where that alone can be kept up. */
  async #ordered(rows: Plan, pace: Pace, by: Orders | null | (() => Promise<Statistics>)) {
    if (by === null) return { plan: bounded(rows, pace), orders: null };
    const pushed = pushedDown(rows);
    const how = typeof by === 'function' ? (isWeighed(pushed) ? await by() : []) : by;
    const { plan, orders } = reordered(pushed, how);
    try {
      return { plan: bounded(plan, pace), orders };
    } catch (error) {
      if (!(error instanceof StatementError) || typeof by !== 'function') throw error;
      return { plan: bounded(rows, pace), orders: null };
    }
  }

  /** What the names of a statement stand for, by way of queries too. */
  async meant(at: Seen, statement: SelectStmt | Changing): Promise<Named> {
    return this.behind(at, (await this.named(at, statement)).values());
  }

  /** What stands behind relations. */
  behind(at: Seen, relations: Iterable<Relation>): Promise<Named> {
    return meaningsOf({ relations: this.#relations, functions: this.functions }, at, relations);
  }

  /** The relations that a statement names, as far as there are such. */
  async named(at: Seen, select: SelectStmt | Changing): Promise<Map<string, Relation>> {
    const names = [...relationsIn(select)];
    const found = await this.#relations.some(at, names);
    return new Map(found.map((relation) => [relation.name, relation]));
  }
}

export function contextOf(text: string, plans: ReadonlyMap<string, Plan>, params: (Type | undefined)[]): Context {
  return { relation: (name) => plans.get(name), named: new Map(), params, at: placesIn(text) };
}
