import type { Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { nameBytesMax } from './limits.ts';

export type RangeVar = { readonly relname?: string; readonly schemaname?: string; readonly catalogname?: string };

/** The name of a relation, in the one schema that there is. */
export function plainName(relation: RangeVar | undefined): string {
  const { relname = '', schemaname, catalogname } = relation ?? {};
  if (catalogname || (schemaname !== undefined && schemaname !== 'public')) throw notBuilt(`The schema ${schemaname}`);
  return checkedName(relname);
}

/** A name that is not too long. */
export function checkedName(name: string): string {
  if (Buffer.byteLength(name) > nameBytesMax) throw new StatementError(sqlstates.nameWrong, `a name is at most ${nameBytesMax} bytes long`);
  return name;
}

/** The name of what DROP names. */
export function droppedName(node: Node): string {
  if ('ObjectWithArgs' in node && !node.ObjectWithArgs.args_unspecified) throw notBuilt('DROP FUNCTION with the types of parameters');
  const path =
    'ObjectWithArgs' in node
      ? node.ObjectWithArgs.objname
      : 'TypeName' in node
        ? node.TypeName.names
        : 'List' in node
          ? node.List.items
          : [];
  const parts = (path ?? []).map(textIn);
  if (parts.length === 2 && parts[0] === 'public') parts.shift();
  if (parts.length !== 1) throw notBuilt('A schema');
  return parts[0] ?? '';
}

export const textIn = (node: Node): string => ('String' in node ? (node.String.sval ?? '') : '');
