import type { Constraint } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { plainName, textIn } from './name.ts';
import type { Table } from './table.ts';

type Action = 'refuse' | 'cascade' | 'null';
/** Columns whose values have to be those of a row of another table, or of the same one. */
export type Reference = {
  readonly name: string;
  readonly places: readonly number[];
  readonly table: string;
  /** The columns there; without them its primary key. */
  readonly columns: readonly string[] | undefined;
  readonly onDelete: Action;
  readonly onUpdate: Action;
  /** Whether it has to hold at the end of a transaction only. */
  readonly isDeferred: boolean;
};

const actions: Readonly<Record<string, Action>> = { a: 'refuse', r: 'refuse', c: 'cascade', n: 'null' };

function actionOf(letter: string | undefined, when: string): Action {
  const found = actions[letter === undefined || letter === '' ? 'a' : letter];
  if (!found) throw notBuilt(`ON ${when} SET DEFAULT`);
  return found;
}

/** Understands REFERENCES, of a column or behind all; `behind` are the constraints that stand behind it. */
export function referenceOf(node: Constraint, name: string, places: readonly number[], behind: readonly Constraint[]): Reference {
  const { pktable, pk_attrs, fk_matchtype = 's', fk_upd_action, fk_del_action, fk_del_set_cols } = node;
  if (fk_matchtype !== 's' || fk_del_set_cols) throw notBuilt('This form of REFERENCES');
  const columns = pk_attrs?.map(textIn);
  if (columns && columns.length !== places.length)
    throw new StatementError('42830', 'number of referencing and referenced columns for foreign key disagree');
  return {
    ...{ name, places, table: plainName(pktable), columns },
    onDelete: actionOf(fk_del_action, 'DELETE'),
    onUpdate: actionOf(fk_upd_action, 'UPDATE'),
    isDeferred: (node.initdeferred ?? false) || behind.some(({ contype }) => contype === 'CONSTR_ATTR_DEFERRED'),
  };
}

/** The key of a table that is referred to: the primary one (-1), or a unique index, and its places in the order of the reference. */
export function keyReferred(
  { columns, name }: Reference,
  parent: Table,
  table: string,
): { readonly index: number; readonly order: readonly number[] } {
  const nameOf = (place: number) => parent.columns[place]?.name ?? '';
  const wanted = columns ?? parent.key.map(nameOf);
  if (wanted.length === 0) throw new StatementError('42704', `there is no primary key for referenced table "${table}"`);
  const missing = wanted.find((each) => !parent.columns.some((column) => column.name === each));
  if (missing !== undefined)
    throw new StatementError(sqlstates.columnMissing, `column "${missing}" referenced in foreign key constraint "${name}" does not exist`);
  const keys = [parent.key, ...parent.indexes.map((each) => (each.isUnique ? each.places : []))];
  const index = keys.findIndex((places) => places.length === wanted.length && places.every((place) => wanted.includes(nameOf(place))));
  if (index < 0) throw new StatementError('42830', `there is no unique constraint matching given keys for referenced table "${table}"`);
  return { index: index - 1, order: (keys[index] ?? []).map((place) => wanted.indexOf(nameOf(place))) };
}

/** Refuses columns of types that are not compared with each other. */
export function checkAlike(
  { places, name }: Reference,
  { columns }: Pick<Table, 'columns'>,
  parent: Table,
  { index, order }: ReturnType<typeof keyReferred>,
): void {
  const key = index < 0 ? parent.key : (parent.indexes[index]?.places ?? []);
  for (const [at, place] of key.entries()) {
    const [own, other] = [columns[places[order[at] ?? 0] ?? -1]?.type ?? '', parent.columns[place]?.type ?? ''];
    const isWhole = (type: string) => /^int[248]$/.test(type);
    if (own === other || (isWhole(own) && isWhole(other))) continue;
    throw new StatementError(
      sqlstates.typeWrong,
      `foreign key constraint "${name}" cannot be implemented: ${own} and ${other} are other types`,
    );
  }
}
