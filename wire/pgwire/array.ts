import { arrayDimensionMax } from './limits.ts';
import { ProtocolViolation } from './violation.ts';

/** Reads an array literal such as `{1,NULL,"a b",{2}}`; lower bounds (`[0:1]={..}`) are dropped. */
export function readArray(text: string, element: (text: string) => unknown): unknown[] {
  const open = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
  const [value, end] = list(text, open, element, 1);
  if (end !== text.length) throw new ProtocolViolation('an array goes on behind its end');
  return value;
}

function list(text: string, open: number, element: (text: string) => unknown, depth: number): [unknown[], number] {
  if (text[open] !== '{') throw new ProtocolViolation('an array has no opening brace');
  if (depth > arrayDimensionMax) throw new ProtocolViolation('an array has too many dimensions');
  const out: unknown[] = [];
  let at = open + 1;
  if (text[at] === '}') return [out, at + 1];
  for (;;) {
    let value: unknown;
    if (text[at] === '{') [value, at] = list(text, at, element, depth + 1);
    else if (text[at] === '"') [value, at] = quoted(text, at, element);
    else [value, at] = bare(text, at, element);
    out.push(value);
    if (text[at] === '}') return [out, at + 1];
    if (text[at] !== ',') throw new ProtocolViolation('an array has no comma between elements');
    at++;
  }
}

function quoted(text: string, open: number, element: (text: string) => unknown): [unknown, number] {
  let out = '';
  let from = open + 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '"') return [element(out + text.slice(from, at)), at + 1];
    if (text[at] !== '\\') continue;
    out += text.slice(from, at);
    from = ++at;
  }
  throw new ProtocolViolation('a quoted element has no end');
}

function bare(text: string, from: number, element: (text: string) => unknown): [unknown, number] {
  let at = from;
  while (at < text.length && text[at] !== ',' && text[at] !== '}') at++;
  if (at === from || at === text.length) throw new ProtocolViolation('an element of an array is missing');
  const word = text.slice(from, at);
  return [word === 'NULL' ? null : element(word), at];
}

/** Writes an array literal; `element` gives the text of one element, null for NULL. */
export function writeArray(values: readonly unknown[], element: (value: unknown) => string | null, depth = 1): string {
  if (depth > arrayDimensionMax) throw new TypeError(`an array of more than ${arrayDimensionMax} dimensions`);
  let out = '{';
  for (let i = 0; i < values.length; i++) {
    if (i > 0) out += ',';
    const value = values[i];
    if (Array.isArray(value)) {
      out += writeArray(value, element, depth + 1);
      continue;
    }
    const text = element(value);
    out += text === null ? 'NULL' : quote(text);
  }
  return `${out}}`;
}

const plain = /^[A-Za-z0-9_.+-]+$/;

function quote(text: string): string {
  if (plain.test(text) && text.toUpperCase() !== 'NULL') return text;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
