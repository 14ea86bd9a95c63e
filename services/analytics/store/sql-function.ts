import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import { PostgresError } from '#seams/sql/error.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { callsIn, inlined, type SqlFunction } from '../domain/sql-function.ts';
import { parseStatement } from '../domain/statement.ts';
import { functionsMax, viewDepthMax } from './limits.ts';

/** A function in SQL, with the statement that made it. */
export type KeptFunction = { readonly id: bigint; readonly name: string; readonly text: string };
/** A tree without calls of functions, and the functions that it called itself. */
export type Inlined<T> = { readonly tree: T; readonly calls: readonly bigint[] };

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
    return (await this.#sql.as(at).query<KeptFunction>('select id, name, text from sql_function order by name')).rows;
  }

  async #some(at: Placed, names: readonly string[]): Promise<KeptFunction[]> {
    const text = 'select id, name, text from sql_function where name = any($1::text[])';
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
      for (const { name, text } of found) {
        const statement = await parseStatement(text);
        if (statement?.kind === 'createFunction') functions.set(name, statement.made);
      }
      const next = found.flatMap(({ name }) => [...callsIn(functions.get(name)?.body)]);
      names = [...new Set(next)].filter((name) => !functions.has(name));
    }
    return { tree: functions.size === 0 ? tree : inlined(tree, functions), calls };
  }

  async create(at: Placed, name: string, text: string, calls: readonly bigint[]): Promise<void> {
    try {
      await this.#sql.as(at).begin(async (tx) => {
        const { rows } = await tx.query<{ id: bigint }>(
          'insert into sql_function (name, text) select $1, $2 where (select count(*) from sql_function) < $3 returning id',
          [name, text, functionsMax],
        );
        const [made] = rows;
        if (!made) throw fault('QuotaExceeded', `An environment has at most ${functionsMax} functions.`);
        await tx.query('insert into calling (function, caller) select function, $1 from unnest($2::int8[]) as f(function)', [
          made.id,
          calls,
        ]);
      });
      this.generation += 1;
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
    } catch (error) {
      if (error instanceof PostgresError && error.sqlstate === '23503')
        throw new StatementError(sqlstates.dependents, `cannot drop function ${name} because views, sinks or functions depend on it`);
      throw error;
    }
  }
}
