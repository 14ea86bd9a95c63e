import type { Node } from 'libpg-query';
import { functionName } from './bind.ts';
import { plainName, textIn } from './name.ts';
import { windowNames } from './window-call.ts';

/** The names that stand for relations anywhere in a tree: some may be those that WITH gives. */
export function relationsIn(node: unknown, found = new Set<string>()): Set<string> {
  if (typeof node !== 'object' || node === null) return found;
  if (Array.isArray(node)) {
    for (const each of node) relationsIn(each, found);
    return found;
  }
  const { RangeVar, FuncCall } = node as { RangeVar?: Parameters<typeof plainName>[0]; FuncCall?: Parameters<typeof functionName>[0] };
  if (RangeVar) found.add(plainName(RangeVar));
  // TUMBLE(t, ...) names its relation as if it were a column.
  if (FuncCall && windowNames.includes(functionName(FuncCall))) {
    const [of] = (FuncCall.args ?? []) as Node[];
    const fields = of && 'ColumnRef' in of ? (of.ColumnRef.fields ?? []) : [];
    if (fields.length === 1 && fields[0]) found.add(textIn(fields[0]));
  }
  for (const each of Object.values(node)) relationsIn(each, found);
  return found;
}

/** The names of functions that are called anywhere in a tree. */
export function functionsIn(node: unknown, found = new Set<string>()): Set<string> {
  if (typeof node !== 'object' || node === null) return found;
  const { FuncCall } = node as { FuncCall?: Parameters<typeof functionName>[0] };
  if (FuncCall) found.add(functionName(FuncCall));
  for (const each of Object.values(node)) functionsIn(each, found);
  return found;
}
