import type { FuncCall, Node, SelectStmt } from 'libpg-query';
import { notBuilt, StatementError } from '#engine/pgwire/statement-error.ts';
import { functionName } from './bind.ts';

const kinds: readonly string[] = ['tumble', 'hop', 'session'];
const ref = (name: string): Node => ({ ColumnRef: { fields: [{ String: { sval: name } }] } });
const isWindow = (node: Node): node is { FuncCall: FuncCall } => 'FuncCall' in node && kinds.includes(functionName(node.FuncCall));

/** What stands in the place of TUMBLE_START(...) and its kin; undefined where a node is none of them. */
function boundIn(node: object): Node | undefined {
  if (!('FuncCall' in node)) return undefined;
  const [, , bound] = /^(tumble|hop|session)_(start|end)$/.exec(functionName(node.FuncCall as FuncCall)) ?? [];
  return bound === undefined ? undefined : ref(`window_${bound}`);
}

function replaced<T>(node: T): T {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map(replaced) as T;
  const bound = boundIn(node);
  if (bound) return bound as T;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, key === 'SubLink' ? value : replaced(value)])) as T;
}

/**
 * `GROUP BY TUMBLE(time, size)`, and HOP and SESSION in the same place, as the window of the relation in FROM: the same SELECT
 * over TUMBLE(t, time, size), whose start and end are keys. Other keys part sessions.
 */
export function withoutGroupWindow(select: SelectStmt): SelectStmt {
  const [found, ...more] = (select.groupClause ?? []).filter(isWindow);
  if (!found) return select;
  const [from, ...others] = select.fromClause ?? [];
  if (more.length > 0) throw new StatementError('42803', 'a SELECT is grouped by one window');
  if (!from || others.length > 0 || !('RangeVar' in from) || select.withClause)
    throw notBuilt('GROUP BY a window of anything but one relation; name the window in FROM instead');
  const name = from.RangeVar.alias?.aliasname ?? from.RangeVar.relname ?? '';
  const keys = (select.groupClause ?? []).filter((node) => !isWindow(node));
  const { funcname = [], args = [] } = found.FuncCall;
  const how = functionName(found.FuncCall);
  // What goes by WHERE goes before windows are made.
  const { whereClause, ...rest } = select;
  const input: SelectStmt = {
    ...{ targetList: [{ ResTarget: { val: { ColumnRef: { fields: [{ A_Star: {} }] } } } }], fromClause: [from], op: 'SETOP_NONE' },
    ...(whereClause ? { whereClause } : {}),
  };
  const call: FuncCall = { funcname, args: [ref(name), ...(how === 'session' ? keys : []), ...args], location: found.FuncCall.location };
  return {
    ...replaced(rest),
    withClause: { ctes: [{ CommonTableExpr: { ctename: name, ctequery: { SelectStmt: input } } }] },
    fromClause: [{ RangeFunction: { functions: [{ List: { items: [{ FuncCall: call }, {}] } }], alias: { aliasname: name } } }],
    groupClause: [...keys, ref('window_start'), ref('window_end')],
  } as SelectStmt;
}
