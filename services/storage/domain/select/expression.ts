import { selectItemsMax } from '../../contract/limits.ts';
import { readCall } from './call.ts';
import type { TokenReader } from './reader.ts';
import { SelectRefusal } from './refusal.ts';
import type { Comparison, Expression, Step } from './syntax.ts';

/** Reads an expression: OR binds the least, then AND, NOT, comparisons, `+ - ||`, `* / %`, a sign. */
export function readExpression(reader: TokenReader): Expression {
  return reader.deeper(() => {
    let left = readAnd(reader);
    while (reader.takeWord('or') !== undefined) left = { kind: 'or', left, right: readAnd(reader) };
    return left;
  });
}

function readAnd(reader: TokenReader): Expression {
  let left = readNot(reader);
  while (reader.takeWord('and') !== undefined) left = { kind: 'and', left, right: readNot(reader) };
  return left;
}

function readNot(reader: TokenReader): Expression {
  return reader.takeWord('not') === undefined ? readComparison(reader) : { kind: 'not', of: reader.deeper(() => readNot(reader)) };
}

function readComparison(reader: TokenReader): Expression {
  const of = readSum(reader);
  const sign = reader.takeSign('=', '<>', '!=', '<=', '>=', '<', '>');
  if (sign !== undefined) {
    const operator: Comparison = sign === '!=' ? '<>' : sign;
    return { kind: 'compare', operator, left: of, right: readSum(reader) };
  }
  if (reader.takeWord('is') !== undefined) {
    const not = reader.takeWord('not') !== undefined;
    const what = reader.takeWord('null', 'missing');
    if (what === undefined) throw reader.unexpected('NULL or MISSING');
    return { kind: 'is', what: what === 'null' ? 'null' : 'missing', not, of };
  }
  const negates = reader.isWord('not') && ['like', 'between', 'in'].some((word) => reader.isWord(word, 1));
  if (negates) reader.next();
  return readMembership(reader, of, negates) ?? of;
}

function readMembership(reader: TokenReader, of: Expression, not: boolean): Expression | undefined {
  if (reader.takeWord('like') !== undefined) {
    const pattern = readSum(reader);
    const escape = reader.takeWord('escape') === undefined ? undefined : readSum(reader);
    return { kind: 'like', not, of, pattern, ...(escape ? { escape } : {}) };
  }
  if (reader.takeWord('between') !== undefined) {
    const from = readSum(reader);
    reader.expectWord('and');
    return { kind: 'between', not, of, from, to: readSum(reader) };
  }
  if (reader.takeWord('in') === undefined) return undefined;
  reader.expectSign('(');
  return { kind: 'in', not, of, list: readList(reader) };
}

/** Expressions up to the closing bracket. */
function readList(reader: TokenReader): Expression[] {
  const list: Expression[] = [];
  do {
    if (list.length >= selectItemsMax) throw new SelectRefusal('UnsupportedSqlStructure', 'A list in the SQL expression is too long.');
    list.push(readExpression(reader));
  } while (reader.takeSign(',') !== undefined);
  reader.expectSign(')');
  return list;
}

function readSum(reader: TokenReader): Expression {
  let left = readProduct(reader);
  for (let sign = reader.takeSign('+', '-', '||'); sign !== undefined; sign = reader.takeSign('+', '-', '||')) {
    const right = readProduct(reader);
    left = sign === '||' ? { kind: 'join', left, right } : { kind: 'calculate', operator: sign, left, right };
  }
  return left;
}

function readProduct(reader: TokenReader): Expression {
  let left = readSigned(reader);
  for (let operator = reader.takeSign('*', '/', '%'); operator !== undefined; operator = reader.takeSign('*', '/', '%'))
    left = { kind: 'calculate', operator, left, right: readSigned(reader) };
  return left;
}

function readSigned(reader: TokenReader): Expression {
  if (reader.takeSign('+') !== undefined) return reader.deeper(() => readSigned(reader));
  if (reader.takeSign('-') !== undefined) return { kind: 'minus', of: reader.deeper(() => readSigned(reader)) };
  return readPrimary(reader);
}

/** Words that stand for no column unless quoted. */
const reserved = new Set([
  'select',
  'from',
  'where',
  'limit',
  'and',
  'or',
  'not',
  'is',
  'like',
  'between',
  'in',
  'as',
  'then',
  'else',
  'end',
  'when',
]);

function readPrimary(reader: TokenReader): Expression {
  const { kind, text } = reader.peek();
  if (kind === 'number' || kind === 'text' || kind === 'timestamp') return { kind, text: reader.next().text };
  if (reader.takeSign('(') !== undefined) {
    const inner = readExpression(reader);
    reader.expectSign(')');
    return inner;
  }
  if (kind === 'name') return readPath(reader);
  if (kind !== 'word') throw reader.unexpected('an expression');
  const word = text.toLowerCase();
  if (word === 'case') return readCase(reader);
  if (reader.peek(1).kind === 'sign' && reader.peek(1).text === '(') return readCall(reader, { one: readExpression, list: readList });
  if (word === 'true' || word === 'false') return { kind: 'boolean', value: reader.next().text.toLowerCase() === 'true' };
  if (word === 'null' || word === 'missing') {
    reader.next();
    return { kind: word };
  }
  if (reserved.has(word)) throw reader.unexpected('an expression');
  return readPath(reader);
}

function readPath(reader: TokenReader): Expression {
  const { kind, text } = reader.next();
  const steps: Step[] = [{ name: text, quoted: kind === 'name' }];
  while (['.', '['].includes(reader.peek().text) && reader.peek().kind === 'sign') steps.push(readStep(reader));
  return { kind: 'path', steps };
}

/** `.name`, `."name"`, `[0]` or `['name']`. */
export function readStep(reader: TokenReader): Step {
  if (reader.takeSign('[') !== undefined) {
    const { kind, text } = reader.next();
    reader.expectSign(']');
    if (kind === 'text') return { name: text, quoted: true };
    if (kind === 'number' && /^\d{1,9}$/.test(text)) return { at: Number(text) };
    if (text === '*') throw new SelectRefusal('ParseInvalidContextForWildcardInSelectList', 'A wildcard may stand in FROM only.');
    throw new SelectRefusal('ParseInvalidPathComponent', 'The SQL expression contains an invalid path component.');
  }
  reader.expectSign('.');
  const { kind, text } = reader.next();
  if (kind !== 'word' && kind !== 'name')
    throw new SelectRefusal('ParseInvalidPathComponent', 'The SQL expression contains an invalid path component.');
  return { name: text, quoted: kind === 'name' };
}

function readCase(reader: TokenReader): Expression {
  reader.next();
  const of = reader.isWord('when') ? undefined : readExpression(reader);
  const arms: { when: Expression; then: Expression }[] = [];
  while (reader.takeWord('when') !== undefined) {
    const when = readExpression(reader);
    reader.expectWord('then');
    arms.push({ when, then: readExpression(reader) });
  }
  if (arms.length === 0) throw new SelectRefusal('ParseExpectedWhenClause', 'Did not find the expected WHEN clause in the SQL expression.');
  const otherwise = reader.takeWord('else') === undefined ? undefined : readExpression(reader);
  reader.expectWord('end');
  return { kind: 'case', ...(of ? { of } : {}), arms, ...(otherwise ? { otherwise } : {}) };
}
