import type { ColumnDef, Constraint, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { checkedName, textIn } from './name.ts';
import type { Column, Type } from './value.ts';

/** The numbers of a column that counts by itself: serial, or GENERATED ... AS IDENTITY. */
export type Counter = {
  /** No statement may give a number of its own. */
  readonly isAlways: boolean;
  readonly start: bigint;
  readonly step: bigint;
};
/** Columns by which rows are found, and of which no two rows have the same values where it is unique; NULL is never the same. */
export type Index = { readonly name: string; readonly places: readonly number[]; readonly isUnique: boolean };
/** What must not be false of a row. */
export type Check = { readonly name: string; readonly node: Node };

const named: Readonly<Record<string, string>> = {
  CONSTR_GENERATED: 'A generated column',
  CONSTR_EXCLUSION: 'EXCLUDE',
  CONSTR_ATTR_DEFERRABLE: 'A constraint that is deferred',
  CONSTR_ATTR_DEFERRED: 'A constraint that is deferred',
};
export const refused = ({ contype }: Constraint) =>
  notBuilt(named[contype ?? ''] ?? `The constraint ${contype?.replace('CONSTR_', '').replaceAll('_', ' ')}`);
export const constraintsOf = (nodes: readonly Node[] = []) => nodes.flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));

const serials: Readonly<Record<string, Type>> = {
  ...{ serial: 'int4', serial4: 'int4', bigserial: 'int8', serial8: 'int8', smallserial: 'int2', serial2: 'int2' },
};

/** The type of a column that is written as one that counts; undefined of any other. */
export const serialType = ({ typeName }: ColumnDef): Type | undefined =>
  typeName?.arrayBounds ? undefined : serials[(typeName?.names ?? []).map(textIn).join('.')];

/** How a column counts, if it does. */
export function counterOf(definition: ColumnDef): Counter | undefined {
  const [identity, ...more] = constraintsOf(definition.constraints).filter(({ contype }) => contype === 'CONSTR_IDENTITY');
  const serial = serialType(definition);
  if (more.length > 0 || (serial && identity))
    throw new StatementError(sqlstates.syntax, `multiple identity specifications for column "${definition.colname}"`);
  if (serial) return { isAlways: false, start: 1n, step: 1n };
  if (!identity) return undefined;
  const given = new Map((identity.options ?? []).map((node) => ('DefElem' in node ? [node.DefElem.defname, node.DefElem.arg] : [])) as []);
  const numberOf = (name: string): bigint => {
    const arg = (given as Map<string, Node | undefined>).get(name);
    given.delete(name as never);
    return arg && 'Integer' in arg ? BigInt(arg.Integer.ival ?? 0) : arg && 'Float' in arg ? BigInt(arg.Float.fval ?? '1') : 1n;
  };
  const counter = { isAlways: identity.generated_when === 'a', start: numberOf('start'), step: numberOf('increment') };
  const [other] = (given as Map<string, unknown>).keys();
  if (other !== undefined) throw notBuilt(`An identity column with ${other.toUpperCase()}`);
  if (counter.step === 0n) throw new StatementError('22023', 'INCREMENT must not be zero');
  return counter;
}

/** Names of what a table has, none twice; `given` are those that its statement says. */
export class Names {
  readonly #taken: Set<string>;
  readonly #table: string;

  constructor(table: string, given: readonly string[]) {
    const twice = given.find((name, at) => given.indexOf(name) !== at);
    if (twice !== undefined) throw new StatementError('42710', `constraint "${twice}" for relation "${table}" already exists`);
    this.#table = table;
    this.#taken = new Set(given);
  }

  /** The name that was given, or one of table, columns and kind. */
  of(given: string | undefined, columns: readonly string[], kind: string): string {
    if (given !== undefined) return checkedName(given);
    const base = [this.#table, ...columns, kind].join('_');
    let name = base;
    for (let at = 1; this.#taken.has(name); at += 1) name = `${base}${at}`;
    this.#taken.add(name);
    return name;
  }
}

/** The places of columns that a constraint names, each once. */
export function placesNamed(columns: readonly Column[], names: readonly string[], where: string): number[] {
  const places = names.map((name) => {
    const place = columns.findIndex((column) => column.name === name);
    if (place < 0) throw new StatementError(sqlstates.columnMissing, `column "${name}" named in key does not exist`);
    return place;
  });
  if (new Set(places).size !== places.length) throw new StatementError('42701', `a column appears twice in ${where}`);
  return places;
}

/** The columns that a condition names. */
export function columnsIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('ColumnRef' in node) {
    const { fields = [] } = node.ColumnRef as { fields?: Node[] };
    return [textIn(fields.at(-1) ?? { String: {} })];
  }
  return Object.values(node).flatMap(columnsIn);
}
