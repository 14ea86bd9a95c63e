import { fault } from '../contract/fault.ts';
import { policyNestingMax, policyOperatorMax, policyTextBytesMax } from './limits.ts';

/** An integer literal in the text of a policy, by its position in that text. */
export type IntegerLiteral = { readonly start: number; readonly end: number; readonly value: bigint };

/** One policy of a document: its text up to its semicolon, and where that begins in the document. */
export type Statement = {
  readonly text: string;
  readonly start: number;
  /** Whether it has a slot such as `?principal`. */
  readonly template: boolean;
  readonly integers: readonly IntegerLiteral[];
};

// Comments and strings come first, so that nothing inside them is taken for a token.
const token = /\/\/[^\n]*|"(?:[^"\\]|\\[^])*"|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|&&|\|\||[=!<>]=|::|\s+|[^]/g;
const operators: ReadonlySet<string> = new Set(['&&', '||', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '.', 'in', 'has', 'like', 'is']);
const openers = '([{';
const closers = ')]}';

/** A place in a text as people count: lines and columns from 1. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/**
 * Cuts a document into its policies. Throws PolicyInvalid where one is longer, deeper or has more operators than the
 * engine can be given: its stack is small, and what overflows it breaks it for good.
 */
export function statements(document: string): Statement[] {
  if (Buffer.byteLength(document) > policyTextBytesMax) {
    throw fault('PolicyInvalid', `The text is longer than policyTextBytesMax (${policyTextBytesMax} bytes) allows.`);
  }
  const found: Statement[] = [];
  let reading = begin(document, 0);
  for (const { 0: text, index } of document.matchAll(token)) {
    if (take(reading, text, index)) continue;
    found.push(finish(reading, index + text.length));
    reading = begin(document, index + text.length);
  }
  if (reading.tokens > 0) found.push(finish(reading, document.length));
  return found;
}

type Reading = {
  readonly document: string;
  readonly start: number;
  readonly integers: IntegerLiteral[];
  /** For each open bracket how many levels its content has opened without closing: itself, and each `if` in it. */
  readonly levels: number[];
  depth: number;
  operators: number;
  tokens: number;
  template: boolean;
};

function begin(document: string, start: number): Reading {
  return { document, start, integers: [], levels: [0], depth: 0, operators: 0, tokens: 0, template: false };
}

function finish({ document, start, integers, template }: Reading, end: number): Statement {
  return { text: document.slice(start, end), start, integers, template };
}

/** Takes one token; false where it ends the statement. */
function take(reading: Reading, text: string, index: number): boolean {
  if (/^\s/.test(text) || text.startsWith('//')) return true;
  reading.tokens++;
  if (text === ';') return false;
  if (text === '?') reading.template = true;
  else if (/^[0-9]/.test(text)) {
    reading.integers.push({ start: index - reading.start, end: index - reading.start + text.length, value: BigInt(text) });
  } else if (text === 'if' || openers.includes(text)) deepen(reading, text, index);
  else if (closers.includes(text)) reading.depth -= reading.levels.length > 1 ? (reading.levels.pop() as number) : 0;
  else if (operators.has(text) && ++reading.operators > policyOperatorMax) {
    throw refused(reading, index, `more operators than policyOperatorMax (${policyOperatorMax}) allows`);
  }
  return true;
}

function deepen(reading: Reading, text: string, index: number): void {
  if (text === 'if') reading.levels.push((reading.levels.pop() as number) + 1);
  else reading.levels.push(1);
  if (++reading.depth > policyNestingMax) throw refused(reading, index, `nested deeper than policyNestingMax (${policyNestingMax}) allows`);
}

function refused(reading: Reading, index: number, reason: string): Error {
  const { line, column } = placeOf(reading.document, index);
  return fault('PolicyInvalid', { path: `${line}:${column}`, detail: `Line ${line}, column ${column}: ${reason}.` });
}
