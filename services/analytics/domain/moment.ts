import type { Node } from 'libpg-query';
import { functionName } from './bind.ts';
import { printTimestamp } from './datetime.ts';

const functions = new Set(['now', 'transaction_timestamp', 'statement_timestamp', 'clock_timestamp']);
const values: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_TIMESTAMP: 'timestamptz',
  SVFOP_CURRENT_TIMESTAMP_N: 'timestamptz',
  SVFOP_LOCALTIMESTAMP: 'timestamp',
  SVFOP_LOCALTIMESTAMP_N: 'timestamp',
  SVFOP_LOCALTIME: 'time',
  SVFOP_CURRENT_DATE: 'date',
};

/** Whether a tree asks what time it is. */
export const asksMoment = (tree: unknown): boolean =>
  typeof tree === 'object' && tree !== null && (typeOf(tree as Node) !== undefined || Object.values(tree).some(asksMoment));

/** A tree in which `now()` and its kin are the moment itself, in microseconds since 1970. */
export function atMoment<T>(tree: T, micros: number): T {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((each: unknown) => atMoment(each, micros)) as T;
  const type = typeOf(tree as unknown as Node);
  if (type !== undefined) return constant(type, micros) as T;
  return Object.fromEntries(Object.entries(tree).map(([name, each]) => [name, atMoment(each as unknown, micros)])) as T;
}

function typeOf(node: Node): string | undefined {
  if ('FuncCall' in node && !node.FuncCall.args && functions.has(functionName(node.FuncCall))) return 'timestamptz';
  return 'SQLValueFunction' in node ? values[node.SQLValueFunction.op ?? ''] : undefined;
}

function momentText(type: string, micros: number): string {
  const text = printTimestamp(micros, type === 'timestamptz');
  return type === 'date' ? text.slice(0, 10) : type === 'time' ? text.slice(11) : text;
}

function constant(type: string, micros: number): Node {
  const sval = momentText(type, micros);
  return { TypeCast: { arg: { A_Const: { sval: { sval } } }, typeName: { names: [{ String: { sval: type } }], typemod: -1 } } };
}
