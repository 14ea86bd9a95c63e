import type { Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { nameBytesMax } from './limits.ts';

export type RangeVar = { readonly relname?: string; readonly schemaname?: string; readonly catalogname?: string };

/** The name of a relation, in the one schema that there is; that of the database is looked at by whoever knows it. */
export function plainName(relation: RangeVar | undefined): string {
  const { relname = '', schemaname } = relation ?? {};
  if (schemaname !== undefined && schemaname !== 'public') throw notBuilt(`The schema ${schemaname}`);
  return checkedName(relname);
}

/** A name that is not too long. */
export function checkedName(name: string): string {
  if (Buffer.byteLength(name) > nameBytesMax) throw new StatementError(sqlstates.nameWrong, `a name is at most ${nameBytesMax} bytes long`);
  return name;
}

/** Which word of a statement that makes something is the name of it, without the schema. */
export function placeOfName(tokens: readonly { readonly text: string }[]): number {
  const words = tokens.map((token) => token.text.toLowerCase());
  let at = words[1] === 'materialized' ? 3 : 2;
  if (words[1] === 'or' && words[2] === 'replace') at = 4;
  if (words.slice(at, at + 3).join(' ') === 'if not exists') at += 3;
  if (words.slice(at, at + 2).join(' ') === 'if exists') at += 2;
  if (words[at] === 'only') at += 1;
  while (words[at + 1] === '.') at += 2;
  return at;
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
  if (parts.length === 3) parts.shift();
  if (parts.length === 2 && parts[0] === 'public') parts.shift();
  if (parts.length !== 1) throw notBuilt('A schema');
  return parts[0] ?? '';
}

export const textIn = (node: Node): string => ('String' in node ? (node.String.sval ?? '') : '');

/** The databases that a statement names relations by. */
export function databasesIn(tree: unknown, found = new Set<string>()): Set<string> {
  if (typeof tree !== 'object' || tree === null) return found;
  const { catalogname, objects } = tree as { catalogname?: unknown; objects?: unknown };
  if (typeof catalogname === 'string') found.add(catalogname);
  for (const each of Array.isArray(objects) ? (objects as Node[]) : [])
    if ('List' in each && each.List.items?.length === 3) found.add(textIn(each.List.items[0] as Node));
  for (const each of Object.values(tree)) databasesIn(each, found);
  return found;
}

/** The text of an option; one without a value is empty. */
export function optionText(arg: Node | undefined): string {
  if (!arg) return '';
  if ('Boolean' in arg) return String(arg.Boolean.boolval ?? false);
  return 'Integer' in arg ? String(arg.Integer.ival ?? 0) : textIn(arg);
}
