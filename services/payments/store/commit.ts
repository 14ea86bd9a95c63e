import { setImmediate as turn } from 'node:timers/promises';
import type { Placed } from '#kernel/contract/provider.ts';
import { PostgresError } from '#seams/sql/error.ts';
import type { Result, Sql, Statement } from '#seams/sql/sql.ts';
import { circleTriesMax, commitStatementsMax } from './limits.ts';

/**
 * A statement that may stand in one transaction with those of other requests, in any order among them. One of `rows` has an array
 * for each parameter, with an element for each row: those of one text become one statement, whose answer each of them is given.
 */
export type Joint =
  | (Statement & { readonly joint: 'alone' })
  | { readonly text: string; readonly params: readonly (readonly unknown[])[]; readonly joint: 'rows' };

type Unit = { readonly statements: readonly Joint[]; resolve(results: Result[]): void; reject(error: unknown): void };

/**
 * What may be under way beside each other: intentions, which are steps and keys that are new, and all else. Objects come by one
 * transaction after another, because whoever reads a list from where it ended last must miss none.
 */
export type Lane = 'intentions' | 'objects';

/** SQLSTATE deadlock_detected. */
const deadlock = '40P01';

const isJoint = (statement: Statement): statement is Joint => 'joint' in statement;

/**
 * Commits of many requests in few transactions. Each environment has one transaction of each lane under way, and what is asked
 * for meanwhile goes into the next. When one is refused, its requests are parted until the one that is to blame stands alone:
 * each is done whole or not at all, and none fails by another's fault. One that met a transaction of the other lane in a circle
 * of waits is done again.
 */
export class Commits {
  readonly #sql: Sql;
  readonly #waiting = new Map<string, Unit[]>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Does all of the statements or nothing, and answers one result each. */
  commit(at: Placed, statements: readonly Statement[], lane: Lane = 'objects'): Promise<Result[]> {
    if (!statements.every(isJoint) || statements.length > commitStatementsMax) return this.#sql.as(at).group(statements);
    return new Promise((resolve, reject) => {
      const unit = { statements, resolve, reject };
      const name = `${at.scope} ${lane}`;
      const waiting = this.#waiting.get(name);
      if (waiting) return waiting.push(unit);
      this.#waiting.set(name, [unit]);
      return void this.#run(at, name);
    });
  }

  async #run(at: Placed, name: string): Promise<void> {
    for (let waiting = this.#waiting.get(name) ?? []; waiting.length > 0; ) {
      // What is asked for in this turn of the event loop goes along.
      await turn();
      await this.#together(at, waiting.splice(0, countOf(waiting)));
    }
    this.#waiting.delete(name);
  }

  async #together(at: Placed, units: readonly Unit[], tries = 1): Promise<void> {
    const { statements, places } = joined(units.flatMap((unit) => unit.statements));
    try {
      const results = await this.#sql.as(at).group(statements);
      for (const unit of units) unit.resolve(unit.statements.map((each) => results[places.get(each) ?? -1] as Result));
    } catch (error) {
      // Of both it is certain that nothing was written: the server refused it, or it was never sent.
      const isUndone = error instanceof PostgresError || error instanceof TypeError;
      const isCircle = error instanceof PostgresError && error.sqlstate === deadlock && tries < circleTriesMax;
      if (isCircle) return this.#together(at, units, tries + 1);
      if (!isUndone || units.length === 1) return units.forEach((unit) => unit.reject(error));
      const middle = Math.ceil(units.length / 2);
      await Promise.all([this.#together(at, units.slice(0, middle)), this.#together(at, units.slice(middle))]);
    }
  }
}

/** How many of those that wait go into one transaction. */
function countOf(waiting: readonly Unit[]): number {
  let statements = 0;
  const over = waiting.findIndex((unit) => {
    statements += unit.statements.length;
    return statements > commitStatementsMax;
  });
  return over < 0 ? waiting.length : over;
}

/** The statements that come of them, and which of these each has gone into. */
function joined(statements: readonly Joint[]): { statements: Statement[]; places: Map<Joint, number> } {
  const all: Statement[] = [];
  const places = new Map<Joint, number>();
  const columns = new Map<string, { place: number; columns: unknown[][] }>();
  for (const each of statements) {
    const known = each.joint === 'rows' ? columns.get(each.text) : undefined;
    places.set(each, known?.place ?? all.length);
    if (each.joint === 'alone') all.push(each);
    else if (known) each.params.forEach((values, index) => known.columns[index]?.push(...values));
    else {
      const params = each.params.map((values) => [...values]);
      columns.set(each.text, { place: all.length, columns: params });
      all.push({ text: each.text, params });
    }
  }
  return { statements: all, places };
}
