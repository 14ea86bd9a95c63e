import type { ColumnDef, Constraint, CreateStmt, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { checkedColumns, plainType } from './column.ts';
import {
  type Check,
  columnsIn,
  constraintsOf,
  type Counter,
  counterOf,
  type Index,
  Names,
  placesNamed,
  refused,
  serialType,
} from './constraint.ts';
import { type Fit, fitOf } from './fit.ts';
import { type Reference, referenceOf } from './foreign-key.ts';
import { optionsOf } from './format.ts';
import { checkedName, textIn } from './name.ts';
import type { Column } from './value.ts';
import { msOf } from './watermark.ts';

/** What a table is made of. */
export type Table = {
  readonly columns: readonly Column[];
  /** The places of the columns of the primary key, in its order; none, where there is no key. */
  readonly key: readonly number[];
  /** By place: whether the column takes no NULL. */
  readonly required: readonly boolean[];
  /** By place: what stands where a row says nothing. */
  readonly defaults: readonly (Node | undefined)[];
  /** By place: what the column's type says besides its name. */
  readonly fits: readonly (Fit | undefined)[];
  /** By place: how a column counts where a row says nothing. */
  readonly counters: readonly (Counter | undefined)[];
  readonly indexes: readonly Index[];
  readonly checks: readonly Check[];
  readonly references: readonly Reference[];
  /** What constraints are called, whoever named them. */
  readonly named: ReadonlyMap<Constraint, string>;
  /** For how many milliseconds it is remembered what its rows were. */
  readonly historyMs?: number | undefined;
};

const syntax = (message: string) => new StatementError(sqlstates.syntax, message);
/** Understands CREATE TABLE; `indexes` were made since. */
export function tableOf(node: CreateStmt, indexes: readonly Index[] = []): Table {
  const { relation, tableElts = [] } = node;
  if (node.inhRelations || node.partspec || node.partbound || node.ofTypename || node.accessMethod || node.tablespacename)
    throw notBuilt('This form of CREATE TABLE');
  const history = optionsOf(node.options ?? [], ['history'], 'table').get('history');
  if ((relation?.relpersistence ?? 'p') !== 'p') throw notBuilt('A table that is temporary or unlogged');
  const definitions = tableElts.flatMap((element) => ('ColumnDef' in element ? [element.ColumnDef] : []));
  const others = tableElts.find((element) => !('ColumnDef' in element || 'Constraint' in element));
  if (others) throw notBuilt('LIKE');
  const columns = checkedColumns(definitions.map(columnOf), 'table');
  const keys = [...definitions.flatMap(keyOf), ...constraintsOf(tableElts).flatMap(keyOfTable)];
  if (keys.length > 1) throw new StatementError('42P16', `multiple primary keys for table "${relation?.relname}" are not allowed`);
  const key = placesNamed(columns, keys[0] ?? [], 'primary key constraint');
  const counters = definitions.map(counterOf);
  return {
    ...{ columns, key, counters, historyMs: history === undefined ? undefined : msOf(history, 'history') },
    required: definitions.map(
      (own, place) =>
        key.includes(place) ||
        counters[place] !== undefined ||
        constraintsOf(own.constraints).some(({ contype }) => contype === 'CONSTR_NOTNULL'),
    ),
    defaults: definitions.map(defaultOf),
    fits: definitions.map(({ typeName }) => typeName && fitOf(typeName)),
    ...constrained(relation?.relname ?? '', columns, definitions, constraintsOf(tableElts), indexes),
  };
}

/** What UNIQUE and CHECK say, with the column or behind all. */
function constrained(
  table: string,
  columns: readonly Column[],
  definitions: readonly ColumnDef[],
  behind: readonly Constraint[],
  made: readonly Index[],
): Pick<Table, 'indexes' | 'checks' | 'references' | 'named'> {
  const all = [
    ...definitions.flatMap(({ colname = '', constraints }) =>
      constraintsOf(constraints).map((each, at, told) => ({ each, own: [colname], behind: told.slice(at + 1, at + 3) })),
    ),
    ...behind.map((each) => ({ each, own: undefined, behind: [] })),
  ];
  const kinds = ['CONSTR_UNIQUE', 'CONSTR_CHECK', 'CONSTR_FOREIGN'];
  const names = new Names(
    table,
    all.flatMap(({ each }) => (kinds.includes(each.contype ?? '') ? (each.conname ?? []) : [])),
  );
  const named = new Map<Constraint, string>();
  const nameOf = (each: Constraint, columns: readonly string[], kind: string): string => {
    const name = names.of(each.conname, columns, kind);
    named.set(each, name);
    return name;
  };
  for (const { each } of all) if (each.contype === 'CONSTR_PRIMARY') named.set(each, each.conname ?? `${table}_pkey`);
  const indexes = all.flatMap(({ each, own }): Index[] => {
    if (each.contype !== 'CONSTR_UNIQUE') return [];
    if (each.nulls_not_distinct || each.including || each.options || each.indexname) throw notBuilt('This form of UNIQUE');
    const keys = own ?? (each.keys ?? []).map(textIn);
    return [{ name: nameOf(each, keys, 'key'), places: placesNamed(columns, keys, 'unique constraint'), isUnique: true }];
  });
  const checks = all.flatMap(({ each, own }): Check[] => {
    if (each.contype !== 'CONSTR_CHECK' || !each.raw_expr) return [];
    const told = [...new Set(columnsIn(each.raw_expr))];
    return [{ name: nameOf(each, own ?? (told.length === 1 ? told : []), 'check'), node: each.raw_expr }];
  });
  const references = all.flatMap(({ each, own, behind: following }): Reference[] => {
    if (each.contype !== 'CONSTR_FOREIGN') return [];
    const keys = own ?? (each.fk_attrs ?? []).map(textIn);
    return [referenceOf(each, nameOf(each, keys, 'fkey'), placesNamed(columns, keys, 'foreign key constraint'), following)];
  });
  return { indexes: [...indexes, ...made], checks, references, named };
}

const columnOf = (definition: ColumnDef): Column => ({
  name: checkedName(definition.colname ?? ''),
  type: serialType(definition) ?? plainType(definition.typeName),
});

const ofColumn = new Set([
  ...['CONSTR_NOTNULL', 'CONSTR_NULL', 'CONSTR_DEFAULT', 'CONSTR_UNIQUE', 'CONSTR_CHECK', 'CONSTR_IDENTITY', 'CONSTR_FOREIGN'],
  ...['CONSTR_ATTR_DEFERRABLE', 'CONSTR_ATTR_NOT_DEFERRABLE', 'CONSTR_ATTR_DEFERRED', 'CONSTR_ATTR_IMMEDIATE'],
]);

/** The name of the key, where the column says that it is one. */
function keyOf({ colname = '', constraints, collClause }: ColumnDef): string[][] {
  if (collClause) throw notBuilt('COLLATE');
  const told = constraintsOf(constraints);
  return told.flatMap((each) => {
    if (each.contype === 'CONSTR_PRIMARY') return [[colname]];
    // References alone may wait for the end of a transaction.
    if (/^CONSTR_ATTR_DEF/.test(each.contype ?? '') && !told.some(({ contype }) => contype === 'CONSTR_FOREIGN')) throw refused(each);
    if (!ofColumn.has(each.contype ?? '')) throw refused(each);
    return [];
  });
}

function keyOfTable(each: Constraint): string[][] {
  if (each.contype === 'CONSTR_FOREIGN') return [];
  if (each.deferrable) throw notBuilt('A key that is deferred');
  if (each.contype === 'CONSTR_UNIQUE' || each.contype === 'CONSTR_CHECK') return [];
  if (each.contype !== 'CONSTR_PRIMARY') throw refused(each);
  return [(each.keys ?? []).map(textIn)];
}

function defaultOf(definition: ColumnDef): Node | undefined {
  const { colname, constraints } = definition;
  const [found, ...more] = constraintsOf(constraints).filter(({ contype }) => contype === 'CONSTR_DEFAULT');
  if (more.length > 0 || (found && counterOf(definition))) throw syntax(`multiple default values specified for column "${colname}"`);
  return found?.raw_expr;
}
