import { fault } from '../contract/fault.ts';
import {
  policyConditionsMax,
  policyDepthMax,
  policyDocumentBytesMax,
  policyElementsMax,
  policyNestingMax,
  policyTextBytesMax,
} from './limits.ts';

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
const token = /\/\/[^\n]*|"(?:[^"\\]|\\[^])*"?|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|&&|\|\||[=!<>]=|::|\s+|[^]/g;
const links: ReadonlySet<string> = new Set(['&&', '||']);
const breaks: ReadonlySet<string> = new Set([',', 'then', 'else']);
const operators: ReadonlySet<string> = new Set(['!', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '.', 'in', 'has', 'like', 'is']);
const openers = '([{';
const closers = ')]}';

/** A place in a text as people count: lines and columns from 1. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return { line: before.split('\n').length, column: [...line].length + 1 };
}

/**
 * Cuts a document into its policies. Throws PolicyInvalid where one is longer or deeper than the engine can be
 * given: its stack is small, and what overflows it breaks it for good.
 */
export function statements(document: string): Statement[] {
  if (Buffer.byteLength(document) > policyDocumentBytesMax) {
    throw fault('PolicyInvalid', `The text is longer than policyDocumentBytesMax (${policyDocumentBytesMax} bytes) allows.`);
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

/**
 * What lies between two brackets: how often it is deepened as a whole, by `if`, `&&` and `||`; the operators of the
 * operand being read and the deepest bracket in it; the deepest operand so far; and how many commas there were.
 */
type Level = { conditionals: number; links: number; operators: number; inner: number; deepest: number; commas: number };

type Reading = {
  readonly document: string;
  readonly start: number;
  readonly integers: IntegerLiteral[];
  readonly levels: [Level, ...Level[]];
  nesting: number;
  conditions: number;
  tokens: number;
  template: boolean;
};

function newLevel(): Level {
  return { conditionals: 0, links: 0, operators: 0, inner: 0, deepest: 0, commas: 0 };
}

function begin(document: string, start: number): Reading {
  return { document, start, integers: [], levels: [newLevel()], nesting: 0, conditions: 0, tokens: 0, template: false };
}

function finish({ document, start, integers, levels, template }: Reading, end: number): Statement {
  const text = document.slice(start, end);
  const reason =
    Buffer.byteLength(text) > policyTextBytesMax
      ? `longer than policyTextBytesMax (${policyTextBytesMax} bytes) allows`
      : depthOf(levels[0]) > policyDepthMax
        ? `deeper than policyDepthMax (${policyDepthMax}) allows`
        : undefined;
  if (reason) throw refused(document, start + text.length - text.trimStart().length, reason);
  return { text, start, integers, template };
}

/** Takes one token; false where it ends the statement. */
function take(reading: Reading, text: string, index: number): boolean {
  if (/^\s/.test(text) || text.startsWith('//')) return true;
  reading.tokens++;
  if (text === ';') return false;
  const level = reading.levels.at(-1) as Level;
  if (text === '?') reading.template = true;
  else if ((text === 'when' || text === 'unless') && reading.levels.length === 1) countCondition(reading, index);
  else if (/^[0-9]/.test(text)) {
    reading.integers.push({ start: index - reading.start, end: index - reading.start + text.length, value: BigInt(text) });
  } else if (operators.has(text)) level.operators++;
  else if (links.has(text) || breaks.has(text)) {
    endOperand(level);
    if (links.has(text)) level.links++;
    if (text === ',' && ++level.commas >= policyElementsMax)
      throw refused(reading.document, index, `more elements in one list than policyElementsMax (${policyElementsMax}) allows`);
  } else if (text === 'if' || openers.includes(text)) open(reading, level, text, index);
  else if (closers.includes(text)) close(reading, level);
  return true;
}

function countCondition(reading: Reading, index: number): void {
  if (++reading.conditions > policyConditionsMax)
    throw refused(reading.document, index, `more conditions than policyConditionsMax (${policyConditionsMax}) allows`);
}

function endOperand(level: Level): void {
  level.deepest = Math.max(level.deepest, level.operators + level.inner);
  level.operators = 0;
  level.inner = 0;
}

function depthOf(level: Level): number {
  endOperand(level);
  return level.conditionals + level.links + level.deepest;
}

function open(reading: Reading, level: Level, text: string, index: number): void {
  if (text === 'if') level.conditionals++;
  else reading.levels.push(newLevel());
  if (++reading.nesting > policyNestingMax)
    throw refused(reading.document, index, `nested deeper than policyNestingMax (${policyNestingMax}) allows`);
}

function close(reading: Reading, level: Level): void {
  if (reading.levels.length === 1) return;
  reading.levels.pop();
  reading.nesting -= 1 + level.conditionals;
  const outer = reading.levels.at(-1) as Level;
  outer.inner = Math.max(outer.inner, depthOf(level) + 1);
}

function refused(document: string, index: number, reason: string): Error {
  const { line, column } = placeOf(document, index);
  return fault('PolicyInvalid', { path: `${line}:${column}`, detail: `Line ${line}, column ${column}: ${reason}.` });
}
