import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Looked } from '../domain/plan.ts';
import { keyOf, type Row, type Type } from '../domain/value.ts';
import type { Asking } from './asking.ts';
import { lookedRowsMax } from './limits.ts';

/** What is asked for: rows of a relation by values of some of its columns, none of which is NULL. */
export type Sought = { readonly of: Looked; readonly types: readonly Type[] };
/** Answers the rows of each key, in the order of the keys. */
export type LookUp = (sought: Sought, keys: readonly Row[]) => Promise<readonly (readonly Row[])[]>;

type Known = Sought & { readonly known: Map<string, readonly Row[]>; readonly missing: Map<string, Row> };

const nameOf = ({ of }: Sought) => `${of.relation} ${of.places.join()}`;

/** What was looked up in one step: each key has one answer in all of it. */
class Answers implements Asking {
  readonly #lookUp: LookUp;
  readonly #asked = new Map<string, Known>();
  #rows = 0;
  missing = 0;

  constructor(lookUp: LookUp) {
    this.#lookUp = lookUp;
  }

  within<T>(work: () => T): T {
    const outer = current;
    current = this;
    try {
      return work();
    } finally {
      current = outer;
    }
  }

  rows(sought: Sought, key: Row): readonly Row[] | undefined {
    const name = nameOf(sought);
    const asked = this.#asked.get(name) ?? { ...sought, known: new Map(), missing: new Map() };
    this.#asked.set(name, asked);
    const own = key.map(keyOf).join('');
    const found = asked.known.get(own);
    if (!found && !asked.missing.has(own)) {
      asked.missing.set(own, key);
      this.missing += 1;
    }
    return found;
  }

  async ask(): Promise<void> {
    this.missing = 0;
    for (const { known, missing, ...sought } of this.#asked.values()) {
      const waiting = [...missing];
      missing.clear();
      if (waiting.length === 0) continue;
      const answers = await this.#lookUp(
        sought,
        waiting.map(([, key]) => key),
      );
      for (const [at, [name]] of waiting.entries()) {
        const rows = answers[at] ?? [];
        this.#rows += rows.length;
        known.set(name, rows);
      }
      if (this.#rows > lookedRowsMax) throw new StatementError(sqlstates.tooLarge, `at most ${lookedRowsMax} rows are looked up at once`);
    }
  }
}

let current: Answers | undefined;

/** The rows that have a key, as far as that is known in this step; undefined where it is noted to be asked for. */
export function lookedUp(sought: Sought, key: Row): readonly Row[] | undefined {
  if (!current) throw new StatementError(sqlstates.notBuilt, 'Rows that are looked up are not supported here yet');
  return current.rows(sought, key);
}

/** Lookups of one step. */
export const lookupsBy = (lookUp: LookUp): Asking => new Answers(lookUp);
