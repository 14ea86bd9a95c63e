import type { Table } from './catalog.ts';
import { turnRowsMax } from './limits.ts';

export type Row = { readonly key: Buffer; readonly value: Buffer };

/** The rows of a table in pages, each read in a turn of its own: no transaction stays open between them. */
export async function* walkTable(table: Table): AsyncGenerator<Row[], void> {
  for (let start: Buffer | undefined; ; ) {
    const rows = [...table.getRange({ ...(start ? { start } : {}), limit: turnRowsMax })].map(({ key, value }) => ({
      key: Buffer.from(key),
      value: Buffer.from(value),
    }));
    yield rows;
    const last = rows.at(-1);
    if (rows.length < turnRowsMax || !last) return;
    start = Buffer.concat([last.key, Buffer.alloc(1)]);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
