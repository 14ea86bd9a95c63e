import { rowOidsFrom } from '#wire/pgwire/oid.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { TypesOf } from '../domain/type-name.ts';
import { type Column, elementOf, isKnownType, recordOf, rowTypeOf, type Type } from '../domain/value.ts';
import type { Seen } from './making.ts';
import type { Relation, Relations } from './relation.ts';

/** A type of rows as what names it knows it; `id` is its number among relations. */
export type RowTypeKept = { readonly id: string; readonly name: string; readonly columns: readonly Column[] };

// So many numbers of types there are; those of arrays lie between them.
const numbers = 500_000_000n;

/** The type of rows that a statement made, with the number by which clients know it. */
export const typeOfRows = ({ id, name, columns }: Pick<Relation, 'name' | 'columns'> & { readonly id: string | bigint }): Type =>
  recordOf(columns, { name, oid: rowOidsFrom + 2 * Number(BigInt(id) % numbers) });

/** The types of rows that the statement of a relation names. */
export const keptTypes =
  ({ types }: Pick<Relation, 'types'>): TypesOf =>
  () =>
    new Map(types.map((kept) => [kept.name, typeOfRows(kept)]));

/** The types of rows that there are by their names; `named` gets those that were asked for. */
export const typesIn =
  (relations: Relations, at: Seen, named: Set<Relation> = new Set()): TypesOf =>
  async (names) => {
    const found = (await relations.rowTypes(at)).filter(({ name }) => names.includes(name));
    const known = new Set([...named].map(({ id }) => id));
    for (const each of found) if (!known.has(each.id)) named.add(each);
    return new Map(found.map((each) => [each.name, typeOfRows(each)]));
  };

/** The names that types of rows in a type have, those without a name looked into. */
function namesIn(type: Type): string[] {
  const row = rowTypeOf(elementOf(type) ?? type);
  return row?.named ? [row.named.name] : (row?.types ?? []).flatMap(namesIn);
}

/** The types of rows that columns are of. Throws StatementError (42704) for one that is none, or is not there as it is said. */
export async function rowTypesOf(relations: Relations, at: Seen, columns: readonly Column[]): Promise<Relation[]> {
  for (const { type } of columns) if (!isKnownType(type)) throw new StatementError('42704', `"${type}" is no type`);
  const names = new Set(columns.flatMap(({ type }) => namesIn(type)));
  if (names.size === 0) return [];
  const there = (await relations.rowTypes(at)).filter(({ name }) => names.has(name));
  const known = new Set(there.map(typeOfRows));
  const check = (type: Type): void => {
    const own = elementOf(type) ?? type;
    const row = rowTypeOf(own);
    if (row?.named && !known.has(own)) throw new StatementError('42704', `type "${row.named.name}" does not exist`);
    if (!row?.named) for (const inner of row?.types ?? []) check(inner);
  };
  for (const { type } of columns) check(type);
  return there;
}

/** Types by the numbers that clients name; those of the built-in ones are not among them. */
export async function rowTypesByOid(relations: Relations, at: Seen, oids: readonly number[]): Promise<ReadonlyMap<number, Type>> {
  if (!oids.some((oid) => oid >= rowOidsFrom)) return new Map();
  const types = (await relations.rowTypes(at)).map((each) => [each, typeOfRows(each)] as const);
  return new Map(
    types.flatMap(([, type]) => {
      const oid = rowTypeOf(type)?.named?.oid ?? 0;
      return [[oid, type] as const, [oid + 1, `${type}[]` as Type] as const];
    }),
  );
}
