import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import { PostgresError } from '#seams/sql/error.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { typeNamed } from '../domain/column.ts';
import { callsIn, inlined, ofModel, type SqlFunction } from '../domain/sql-function.ts';
import { parseStatement } from '../domain/statement.ts';
import { functionsMax, viewDepthMax } from './limits.ts';

/** A function in SQL, with the statement that made it. */
/** `model` is the hash of its file, where it is a model. */
export type KeptFunction = { readonly id: bigint; readonly name: string; readonly text: string; readonly model: string | null };
/** A tree without calls of functions, the functions that it called itself, and the names of those that are called in turn too. */
export type Inlined<T> = { readonly tree: T; readonly calls: readonly bigint[]; readonly reached: ReadonlySet<string> };
/** A function to be made; `isAnew` where it may take the place of one. */
type NewFunction = {
  readonly name: string;
  readonly text: string;
  readonly calls: readonly bigint[];
  readonly isAnew: boolean;
  readonly model: { readonly hash: string; readonly sealed: Buffer } | undefined;
};

/** The relations whose plans a function is part of, by way of other functions and views too. */
const dependents = `with recursive hit(id) as (
    select id from sql_function where name = $1
    union select c.caller from calling c join hit on c.function = hit.id where c.caller is not null
  ), standing(id) as (
    select c.relation from calling c join hit on c.function = hit.id where c.relation is not null
    union select n.view from need n join standing on n.relation = standing.id
  ) select r.name, r.kind from relation r join standing on standing.id = r.id`;

/** Lets files of models go that no function is any more. */
const unused = 'delete from model m where not exists (select 1 from sql_function f where f.model = m.hash)';

const calling = 'insert into calling (function, caller) select function, $1 from unnest($2::int8[]) as f(function)';

/** What stands in the place of a function takes and answers the same types. */
async function replaceable({ name, text: before }: KeptFunction, text: string): Promise<void> {
  const [old, made] = await Promise.all([parseStatement(before), parseStatement(text)]);
  if (old?.kind !== 'createFunction' || made?.kind !== 'createFunction')
    throw new StatementError(sqlstates.syntax, 'the text makes no function');
  const typesOf = ({ params, returns }: SqlFunction) => [...params.map(({ type }) => type), returns].map(typeNamed).join();
  if (typesOf(old.made) !== typesOf(made.made))
    throw new StatementError('42P13', `cannot change the types of function ${name}; drop it, and make it anew`);
}

const absent = (name: string) => new StatementError(sqlstates.functionMissing, `function "${name}" does not exist`);

/** The functions of every environment. */
export class SqlFunctions {
  readonly #sql: Sql;
  /** Moves with what is made and dropped. */
  generation = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async list(at: Placed): Promise<KeptFunction[]> {
    return (await this.#sql.as(at).query<KeptFunction>('select id, name, text, model from sql_function order by name')).rows;
  }

  async #some(at: Placed, names: readonly string[]): Promise<KeptFunction[]> {
    const text = 'select id, name, text, model from sql_function where name = any($1::text[])';
    return (await this.#sql.as(at).query<KeptFunction>(text, [names])).rows;
  }

  /** Puts what functions say in the place of their calls; what no function is called is left as it is. */
  async inlined<T>(at: Placed, tree: T): Promise<Inlined<T>> {
    const functions = new Map<string, SqlFunction>();
    const calls: bigint[] = [];
    let names = [...callsIn(tree)];
    for (let depth = 0; names.length > 0; depth += 1) {
      if (depth > viewDepthMax) throw new StatementError(sqlstates.tooComplex, `at most ${viewDepthMax} functions call each other`);
      const found = await this.#some(at, names);
      if (depth === 0) calls.push(...found.map(({ id }) => id));
      for (const { name, text, model } of found) {
        const statement = await parseStatement(text);
        if (statement?.kind === 'createFunction') functions.set(name, ofModel(statement.made, model));
      }
      const next = found.flatMap(({ name }) => [...callsIn(functions.get(name)?.body)]);
      names = [...new Set(next)].filter((name) => !functions.has(name));
    }
    return { tree: functions.size === 0 ? tree : inlined(tree, functions), calls, reached: new Set(functions.keys()) };
  }

  /** Makes a function, or puts it in the place of one; answers the names of the views and sinks that are computed otherwise then. */
  async create(at: Placed, { name, text, calls, isAnew, model }: NewFunction): Promise<string[]> {
    try {
      const others = await this.#sql.as(at).begin(async (tx) => {
        if (model) await tx.query('insert into model (hash, sealed) values ($1, $2) on conflict do nothing', [model.hash, model.sealed]);
        const held = isAnew
          ? await tx.query<KeptFunction>('select id, name, text, model from sql_function where name = $1 for update', [name])
          : undefined;
        const [old] = held?.rows ?? [];
        if (old) {
          await replaceable(old, text);
          const found = await tx.query<{ name: string; kind: string }>(dependents, [name]);
          const sink = found.rows.find(({ kind }) => kind === 'sink');
          if (sink)
            throw new StatementError(
              sqlstates.dependents,
              `cannot replace function ${name} because the sink ${sink.name} depends on it, and what it gave out cannot be taken back`,
            );
          await tx.query('update sql_function set text = $2, model = $3 where id = $1', [old.id, text, model?.hash ?? null]);
          await tx.query(unused);
          await tx.query('delete from calling where caller = $1', [old.id]);
          await tx.query(calling, [old.id, calls]);
          return found.rows.map((each) => each.name);
        }
        const { rows } = await tx.query<{ id: bigint }>(
          'insert into sql_function (name, text, model) select $1, $2, $4 where (select count(*) from sql_function) < $3 returning id',
          [name, text, functionsMax, model?.hash ?? null],
        );
        const [made] = rows;
        if (!made) throw fault('QuotaExceeded', `An environment has at most ${functionsMax} functions.`);
        await tx.query(calling, [made.id, calls]);
        return [];
      });
      this.generation += 1;
      return others;
    } catch (error) {
      if (error instanceof PostgresError && error.duplicate) throw new StatementError('42723', `function "${name}" already exists`);
      if (error instanceof PostgresError && error.sqlstate === '23503')
        throw new StatementError(sqlstates.functionMissing, 'a function that is called was dropped meanwhile');
      throw error;
    }
  }

  async drop(at: Placed, name: string): Promise<void> {
    try {
      const { count } = await this.#sql.as(at).query('delete from sql_function where name = $1', [name]);
      this.generation += 1;
      if (count === 0) throw absent(name);
      await this.#sql.as(at).query(unused);
    } catch (error) {
      if (error instanceof PostgresError && error.sqlstate === '23503')
        throw new StatementError(sqlstates.dependents, `cannot drop function ${name} because views, sinks or functions depend on it`);
      throw error;
    }
  }
}
