import { type Catalog, sequenceKey, tableNames } from './catalog.ts';
import { type IndexRow, rowName } from './index-frame.ts';
import type { IndexLog } from './index-log.ts';
import { walkTable } from './walk.ts';

/** What holding the index against its log found: rows looked at, and how those that differ ought to be. */
export type IndexCheck = { readonly rows: number; readonly wrong: readonly IndexRow[] };

const counterTable = tableNames.indexOf('counter');

/** The number of the last change is no change itself, and in no log. */
const isSequence = ([table, key]: IndexRow): boolean => table === counterTable && sequenceKey.equals(key);
const nameOf = ([table, key]: IndexRow): string => rowName(table, key);

/** Holds every row that the log knows of against the index. Rows that change meanwhile are left to the next check. */
export async function checkIndex(catalog: Catalog, index: IndexLog): Promise<IndexCheck> {
  const changed = catalog.watchChanges();
  try {
    // What is in the log and not yet in the index counts as changing.
    await catalog.commit(() => undefined);
    const newest = await newestRows(index);
    const wrong: IndexRow[] = [];
    let rows = 0;
    const compare = (row: IndexRow) => {
      const [table, key, value] = row;
      const found = catalog.table[tableNames[table]!].get(key);
      rows += value ? 1 : 0;
      if (!(value ? found?.equals(value) : found === undefined) && !changed.has(nameOf(row))) wrong.push(row);
    };
    for await (const frame of index.history()) {
      if (frame.kind === 'rows') for (const row of frame.rows) if (!newest.has(nameOf(row)) && !isSequence(row)) compare(row);
    }
    for (const row of newest.values()) compare(row);
    return { rows, wrong };
  } finally {
    catalog.unwatchChanges(changed);
  }
}

/** The last change of each row since the base. */
async function newestRows(index: IndexLog): Promise<Map<string, IndexRow>> {
  const newest = new Map<string, IndexRow>();
  for await (const frame of index.history()) {
    if (frame.kind === 'changes') for (const row of frame.rows) newest.set(nameOf(row), row);
  }
  return newest;
}

/** All rows of the index in pages, without the log's own counter. */
export async function* indexPages(catalog: Catalog): AsyncGenerator<IndexRow[], void> {
  for (const [table, name] of tableNames.entries()) {
    for await (const rows of walkTable(catalog.table[name])) {
      yield rows.map(({ key, value }): IndexRow => [table, key, value]).filter((row) => !isSequence(row));
    }
  }
}
