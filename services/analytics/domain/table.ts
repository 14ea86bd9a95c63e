import type { ColumnDef, Constraint, CreateStmt, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { checkedColumns, plainType } from './column.ts';
import { type Fit, fitOf } from './fit.ts';
import { checkedName, textIn } from './name.ts';
import type { Column } from './value.ts';

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
};

const syntax = (message: string) => new StatementError(sqlstates.syntax, message);
const named: Readonly<Record<string, string>> = {
  CONSTR_UNIQUE: 'UNIQUE',
  CONSTR_CHECK: 'CHECK',
  CONSTR_FOREIGN: 'A foreign key',
  CONSTR_IDENTITY: 'An identity column',
  CONSTR_GENERATED: 'A generated column',
  CONSTR_EXCLUSION: 'EXCLUDE',
};
const refused = ({ contype }: Constraint) => notBuilt(named[contype ?? ''] ?? `The constraint ${contype?.replace('CONSTR_', '')}`);
const constraintsOf = (nodes: readonly Node[] = []) => nodes.flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));

/** Understands CREATE TABLE. */
export function tableOf(node: CreateStmt): Table {
  const { relation, tableElts = [] } = node;
  if (node.inhRelations || node.partspec || node.partbound || node.ofTypename || node.accessMethod || node.tablespacename)
    throw notBuilt('This form of CREATE TABLE');
  if (node.options) throw notBuilt('CREATE TABLE with options');
  if ((relation?.relpersistence ?? 'p') !== 'p') throw notBuilt('A table that is temporary or unlogged');
  const definitions = tableElts.flatMap((element) => ('ColumnDef' in element ? [element.ColumnDef] : []));
  const others = tableElts.find((element) => !('ColumnDef' in element || 'Constraint' in element));
  if (others) throw notBuilt('LIKE');
  const columns = checkedColumns(definitions.map(columnOf), 'table');
  const keys = [...definitions.flatMap(keyOf), ...constraintsOf(tableElts).map(keyOfTable)];
  if (keys.length > 1) throw new StatementError('42P16', `multiple primary keys for table "${relation?.relname}" are not allowed`);
  const key = (keys[0] ?? []).map((name) => {
    const place = columns.findIndex((column) => column.name === name);
    if (place < 0) throw new StatementError(sqlstates.columnMissing, `column "${name}" named in key does not exist`);
    return place;
  });
  if (new Set(key).size !== key.length) throw new StatementError('42701', 'a column appears twice in primary key constraint');
  return {
    ...{ columns, key },
    required: definitions.map(
      (own, place) => key.includes(place) || constraintsOf(own.constraints).some(({ contype }) => contype === 'CONSTR_NOTNULL'),
    ),
    defaults: definitions.map(defaultOf),
    fits: definitions.map(({ typeName }) => typeName && fitOf(typeName)),
  };
}

const columnOf = ({ colname = '', typeName }: ColumnDef): Column => ({ name: checkedName(colname), type: plainType(typeName) });

/** The name of the key, where the column says that it is one. */
function keyOf({ colname = '', constraints, collClause }: ColumnDef): string[][] {
  if (collClause) throw notBuilt('COLLATE');
  return constraintsOf(constraints).flatMap((each) => {
    if (each.contype === 'CONSTR_PRIMARY') return [[colname]];
    if (!['CONSTR_NOTNULL', 'CONSTR_NULL', 'CONSTR_DEFAULT'].includes(each.contype ?? '')) throw refused(each);
    return [];
  });
}

function keyOfTable(each: Constraint): string[] {
  if (each.contype !== 'CONSTR_PRIMARY') throw refused(each);
  if (each.deferrable) throw notBuilt('A key that is deferred');
  return (each.keys ?? []).map(textIn);
}

function defaultOf({ colname, constraints }: ColumnDef): Node | undefined {
  const [found, ...more] = constraintsOf(constraints).filter(({ contype }) => contype === 'CONSTR_DEFAULT');
  if (more.length > 0) throw syntax(`multiple default values specified for column "${colname}"`);
  return found?.raw_expr;
}
