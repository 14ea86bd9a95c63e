import type { FuncCall, Node, SelectStmt } from 'libpg-query';
import { notBuilt } from '#engine/pgwire/statement-error.ts';
import { hasAggregate } from './aggregate.ts';
import { functionName } from './bind.ts';
import { hiddenName } from './unnest.ts';

const isSeries = (node: object): node is { FuncCall: FuncCall } =>
  'FuncCall' in node && functionName(node.FuncCall as FuncCall) === 'generate_series';

const nameOf = (at: number): string => `${hiddenName}${at}`;

/** A tree with the columns of series in the place of their calls; subqueries are their own. */
function replaced<T>(node: T, calls: FuncCall[]): T {
  if (typeof node !== 'object' || node === null || 'SubLink' in node) return node;
  if (isSeries(node)) {
    const own = nameOf(calls.push(node.FuncCall) - 1);
    return { ColumnRef: { fields: [{ String: { sval: hiddenName } }, { String: { sval: own } }] } } as T;
  }
  if (Array.isArray(node)) return node.map((each) => replaced(each, calls)) as T;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, replaced(value, calls)])) as T;
}

const hasUnnest = (nodes: readonly Node[]): boolean => JSON.stringify(nodes).includes('"sval":"unnest"');

const isStar = (node: Node): boolean => {
  const val = 'ResTarget' in node ? node.ResTarget.val : undefined;
  const [first] = val && 'ColumnRef' in val ? (val.ColumnRef.fields ?? []) : [];
  return first !== undefined && 'A_Star' in first;
};

/**
 * A SELECT whose list has series: each row comes with each of their numbers or times, as if they stood in FROM; several go on side
 * by side, with NULL where one is shorter.
 */
export function withSeries(select: SelectStmt): SelectStmt {
  const calls: FuncCall[] = [];
  const targetList = (select.targetList ?? []).map((node): Node => {
    const before = calls.length;
    const made = replaced(node, calls);
    const isWhole = 'ResTarget' in node && node.ResTarget.val !== undefined && isSeries(node.ResTarget.val);
    if (calls.length === before || !isWhole || !('ResTarget' in made)) return made;
    return { ResTarget: { ...made.ResTarget, name: node.ResTarget.name ?? 'generate_series' } };
  });
  if (calls.length === 0) return select;
  if (select.groupClause || select.havingClause || hasAggregate(targetList)) throw notBuilt('generate_series beside groups');
  if (hasUnnest(targetList)) throw notBuilt('generate_series beside unnest');
  if (targetList.some(isStar) && select.fromClause) throw notBuilt('generate_series beside *');
  const series: Node = {
    RangeFunction: {
      functions: calls.map((call) => ({ List: { items: [{ FuncCall: call }, {} as Node] } })),
      alias: { aliasname: hiddenName, colnames: calls.map((_, at) => ({ String: { sval: nameOf(at) } })) },
    },
  };
  return { ...select, targetList, fromClause: [...(select.fromClause ?? []), series] };
}
