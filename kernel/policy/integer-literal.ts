import { isObject } from './json.ts';
import type { IntegerLiteral, Statement } from './policy-text.ts';

type Json = Readonly<Record<string, unknown>>;
const half = 2n ** 32n;

/**
 * The JSON form of a policy with every integer exact. JSON numbers are not, beyond 2^53: there the statement is parsed
 * again with those literals as marked strings, and each mark becomes a sum of two safe integers, which any reader of the
 * form evaluates to the same value.
 */
export function withExactIntegers(statement: Statement, parsed: Json, parseAgain: (text: string) => Json): Json {
  const unsafe = statement.integers.filter(({ value }) => value > BigInt(Number.MAX_SAFE_INTEGER));
  if (unsafe.length === 0) return parsed;
  const mark = freeMark(statement.text);
  return restore(parseAgain(marked(statement.text, unsafe, mark)), mark) as Json;
}

function freeMark(text: string): string {
  let mark = 'integer:';
  while (text.includes(mark)) mark = `_${mark}`;
  return mark;
}

function marked(text: string, integers: readonly IntegerLiteral[], mark: string): string {
  let out = '';
  let at = 0;
  for (const { start, end, value } of integers) {
    out += `${text.slice(at, start)}"${mark}${value}"`;
    at = end;
  }
  return out + text.slice(at);
}

function restore(json: unknown, mark: string): unknown {
  if (Array.isArray(json)) return json.map((element) => restore(element, mark));
  if (!isObject(json)) return json;
  const plain = markedValue(json, mark);
  if (plain !== undefined) return sum(plain);
  // The least integer has no positive counterpart: its sign belongs to the literal.
  const negated =
    isObject(json.neg) && Object.keys(json).length === 1 && isObject(json.neg.arg) ? markedValue(json.neg.arg, mark) : undefined;
  if (negated !== undefined) return sum(-negated);
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, restore(value, mark)]));
}

function markedValue(json: Json, mark: string): bigint | undefined {
  return typeof json.Value === 'string' && json.Value.startsWith(mark) ? BigInt(json.Value.slice(mark.length)) : undefined;
}

function sum(value: bigint): Json {
  const product = { '*': { left: { Value: Number(value / half) }, right: { Value: Number(half) } } };
  return { '+': { left: product, right: { Value: Number(value % half) } } };
}
