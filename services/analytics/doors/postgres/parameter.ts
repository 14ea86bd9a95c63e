import { oids as wireOids } from '#wire/pgwire/oid.ts';
import { notBuilt } from '#engine/pgwire/statement-error.ts';
import { oidOf, type Type, typeOfOid } from '../../domain/value.ts';

/** The pseudo-type of literals, which clients name where they leave the type to us. */
const unknownOid = 705;
/** Types of parameters that are taken for others, which hold all of their values. */
const alikeOids: ReadonlyMap<number, Type> = new Map([
  [wireOids.varchar, 'text'],
  [wireOids.bpchar, 'text'],
  [wireOids.name, 'text'],
  // Arrays of these, which have no names there.
  ...[1015, 1014, 1003].map((oid): [number, Type] => [oid, 'text[]']),
]);

/** The types of parameters, as far as the client named them; `rows` are those that users made. */
export function typesOf(oids: readonly number[], rows: ReadonlyMap<number, Type>): (Type | undefined)[] {
  return oids.map((oid): Type | undefined => {
    const type = typeOfOid(oid) ?? alikeOids.get(oid) ?? rows.get(oid);
    if (oid !== 0 && oid !== unknownOid && !type) throw notBuilt(`A parameter of the type ${oid}`);
    return type;
  });
}

/** A parameter comes as the type that the client named, which may be a smaller one. */
export const oidsOf = (types: readonly Type[], oids: readonly number[]): number[] =>
  types.map((type, at) => (alikeOids.has(oids[at] ?? 0) ? (oids[at] as number) : oidOf(type)));
