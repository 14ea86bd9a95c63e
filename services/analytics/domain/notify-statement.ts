import type { FuncCall, Node, SelectStmt } from 'libpg-query';
import type { Called, Control } from '#engine/pgwire/application.ts';
import { notBuilt } from '#engine/pgwire/statement-error.ts';
import { functionName } from './bind.ts';
import type { Token } from './parser.ts';

/** A SELECT that calls `pg_notify`; in its text a row stands in the place of each call, so that it can be asked like any other. */
export type NotifyEach = { readonly kind: 'notifyEach'; readonly text: string; readonly calls: readonly (Called | undefined)[] };

/** Understands a SELECT of which columns are calls of `pg_notify`; undefined for one that calls it nowhere. */
export function notifyEach({ targetList = [] }: SelectStmt, text: string, words: readonly Token[]): NotifyEach | undefined {
  const places = words.flatMap((word, at) => (word.text.toLowerCase() === 'pg_notify' && words[at + 1]?.text === '(' ? [at] : []));
  if (places.length === 0) return undefined;
  const calls = targetList.map((target): Called | undefined => {
    const { name, val } = 'ResTarget' in target ? target.ResTarget : {};
    const call = callIn(val);
    return call && functionName(call) === 'pg_notify' ? { label: name ?? 'pg_notify' } : undefined;
  });
  if (calls.filter((call) => call).length !== places.length) throw notBuilt('pg_notify within an expression or a subquery');
  const bytes = Buffer.from(text);
  for (const at of places) {
    const isOfSchema = words[at - 1]?.text === '.';
    const first = words[isOfSchema ? at - 2 : at];
    const { start = 0, end = 0 } = words[at] ?? {};
    if (first) bytes.fill(' ', first.start, end).write('ROW', start);
  }
  return { kind: 'notifyEach', text: bytes.toString(), calls };
}

/** `pg_listening_channels()` and `pg_backend_pid()`, which a connection knows of itself, in a SELECT of their own. */
export function askingOf({ targetList = [], fromClause = [], ...rest }: SelectStmt): Extract<Control, { label: string }> | undefined {
  if (rest.whereClause || rest.withClause || rest.larg || rest.sortClause || targetList.length !== 1) return undefined;
  const { name, val } = targetList[0] && 'ResTarget' in targetList[0] ? targetList[0].ResTarget : {};
  const [from, ...more] = fromClause;
  if (more.length > 0) return undefined;
  const call = from ? calledIn(from) : callIn(val);
  if (!call || call.args || (from && !isStar(val))) return undefined;
  const called = functionName(call);
  if (called === 'pg_listening_channels') return { kind: 'listening', label: name ?? called };
  return called === 'pg_backend_pid' ? { kind: 'processId', label: name ?? called } : undefined;
}

const callIn = (node: Node | undefined): FuncCall | undefined => (node && 'FuncCall' in node ? node.FuncCall : undefined);

/** The only function of a FROM, without a name of its own. */
function calledIn(from: Node): FuncCall | undefined {
  if (!('RangeFunction' in from) || from.RangeFunction.alias || from.RangeFunction.ordinality) return undefined;
  const [list] = from.RangeFunction.functions ?? [];
  const [called] = list && 'List' in list ? (list.List.items ?? []) : [];
  return callIn(called);
}

const isStar = (node: Node | undefined): boolean => {
  const [field] = node && 'ColumnRef' in node ? (node.ColumnRef.fields ?? []) : [];
  return field !== undefined && 'A_Star' in field;
};
