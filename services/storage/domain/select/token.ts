import { selectExpressionMaxBytes } from '../../contract/limits.ts';
import { SelectRefusal } from './refusal.ts';

/** A word of a query, where it begins, and what it is. */
export type Token = {
  readonly kind: 'word' | 'name' | 'text' | 'timestamp' | 'number' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
};

const rules: readonly (readonly [kind: Token['kind'] | 'space', form: RegExp])[] = [
  ['space', /(?:\s|--[^\n]*)+/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['word', /[A-Za-z_$][\w$]*/y],
  ['text', /'(?:[^']|'')*'/y],
  ['name', /"(?:[^"]|"")*"/y],
  ['timestamp', /`[^`]*`/y],
  ['sign', /<>|!=|<=|>=|\|\||[=<>+\-*/%(),.[\];]/y],
];

/** The words of a query, the last one its end. */
export function tokensOf(query: string): Token[] {
  if (Buffer.byteLength(query) > selectExpressionMaxBytes)
    throw new SelectRefusal(
      'ExpressionTooLong',
      'The SQL expression is too long: the maximum byte-length for the SQL expression is 256 KB.',
    );
  const found: Token[] = [];
  for (let at = 0; at < query.length; ) {
    const [kind, text] = wordAt(query, at);
    if (kind !== 'space') found.push({ kind, text: plain(kind, text), at });
    at += text.length;
  }
  found.push({ kind: 'end', text: '', at: query.length });
  return found;
}

function wordAt(query: string, at: number): readonly [kind: Token['kind'] | 'space', text: string] {
  for (const [kind, form] of rules) {
    form.lastIndex = at;
    const text = form.exec(query)?.[0];
    if (text !== undefined) return [kind, text];
  }
  const open = /^['"`]/.test(query.slice(at, at + 1));
  throw open
    ? new SelectRefusal('LexerInvalidLiteral', 'A literal in the SQL expression does not end.')
    : new SelectRefusal('LexerInvalidChar', `The SQL expression contains a character that is not valid at position ${at + 1}.`);
}

function plain(kind: Token['kind'], text: string): string {
  if (kind === 'text') return text.slice(1, -1).replaceAll("''", "'");
  if (kind === 'name') return text.slice(1, -1).replaceAll('""', '"');
  return kind === 'timestamp' ? text.slice(1, -1) : text;
}
