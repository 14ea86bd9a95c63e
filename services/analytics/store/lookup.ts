import type { Placed } from '#kernel/contract/provider.ts';
import type { Row } from '../domain/value.ts';
import type { LookUp, Sought } from '../engine/looked.ts';
import { rowsWith } from '../engine/table-look.ts';
import { repeated } from '../engine/answer.ts';
import type { LiveTables } from '../jobs/keep.ts';
import type { LiveViews } from '../jobs/live.ts';
import type { Changes } from './change.ts';
import type { Outside } from './outside.ts';

type With = { readonly live: LiveViews; readonly tables: LiveTables; readonly changes: Changes; readonly outside: Outside };

/** Who looks rows up: of tables and views as of their last commits, of tables elsewhere as they are there. */
export class Lookups {
  readonly #with: With;

  constructor(of: With) {
    this.#with = of;
  }

  of(at: Placed, signal: AbortSignal): LookUp {
    return (sought, keys) => {
      const { kind } = sought.of;
      if (kind === 'source') return this.#with.outside.rows(at, sought, keys, signal);
      return kind === 'table' ? this.#inTable(sought, keys) : this.#inView(sought, keys);
    };
  }

  async #inTable({ of }: Sought, keys: readonly Row[]): Promise<Row[][]> {
    const table = await this.#with.tables.get(of.relation);
    const found = await table.inTurn(() => rowsWith(table.view, of.places, keys));
    return found.map((rows) => rows.map((row) => narrowed(row, of.columns.length)));
  }

  async #inView({ of }: Sought, keys: readonly Row[]): Promise<Row[][]> {
    const loaded = await this.#with.live.get(of.relation);
    return loaded.inTurn(async () => {
      const ahead = this.#with.changes.ahead(of.relation);
      const found: Row[][] = [];
      for (const key of keys) found.push(repeated(await loaded.view.matching(of.places, key, ahead)));
      return found;
    });
  }
}

/** A row without the columns that were added since. */
const narrowed = (row: Row, width: number): Row => (row.length > width ? row.slice(0, width) : row);
