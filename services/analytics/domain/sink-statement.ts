import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';

type Token = { readonly text: string; readonly start: number; readonly end: number };

/** The parts of a CREATE SINK, each as a text that PostgreSQL's grammar knows, at the places where they were. */
export type SinkText = { readonly select: string; readonly options: string; readonly name: string; readonly orIs: boolean };

/** The parts of a CREATE CONNECTION. */
export type ConnectionText = Omit<SinkText, 'select'>;

/** `CREATE SINK [IF NOT EXISTS] name {FROM view | AS SELECT ...} WITH (...)`; undefined for any other statement. */
export function sinkText(text: string, tokens: readonly Token[]): SinkText | undefined {
  const words = tokens.map((token) => token.text.toLowerCase());
  if (words[0] !== 'create' || words[1] !== 'sink') return undefined;
  const orIs = words.slice(2, 5).join(' ') === 'if not exists';
  const at = orIs ? 5 : 2;
  const open = optionsAt(words);
  const [name, what, begin, end] = [tokens[at], words[at + 1], tokens[at + 1], open === undefined ? undefined : tokens[open]];
  if (!name || !begin || !end || (what !== 'from' && what !== 'as'))
    throw new StatementError(sqlstates.syntax, 'a sink is made so: CREATE SINK name {FROM view | AS SELECT ...} WITH (...)');
  const bytes = Buffer.from(text);
  const blank = (from: number, to: number) => bytes.toString('utf8', from, to).replace(/[^\n]/g, ' ');
  const body = bytes.toString('utf8', what === 'from' ? begin.start : begin.end, end.start);
  const before = blank(0, what === 'from' ? begin.start : begin.end);
  return {
    orIs,
    name: name.text,
    select: what === 'from' ? `select *${before.slice('select *'.length)}${body}` : `${before}${body}`,
    options: optionsText(bytes, end.start),
  };
}

/** `{CREATE CONNECTION [IF NOT EXISTS] | ALTER CONNECTION} name WITH (...)` as texts that the grammar knows; undefined for any other. */
export function connectionText(text: string, tokens: readonly Token[]): (ConnectionText & { readonly isThere: boolean }) | undefined {
  const words = tokens.map((token) => token.text.toLowerCase());
  if ((words[0] !== 'create' && words[0] !== 'alter') || words[1] !== 'connection') return undefined;
  const isThere = words[0] === 'alter';
  const orIs = !isThere && words.slice(2, 5).join(' ') === 'if not exists';
  const [name, begin] = orIs ? [tokens[5], tokens[6]] : [tokens[2], tokens[3]];
  if (isThere && begin && ['rename', 'owner'].includes(begin.text.toLowerCase()))
    throw notBuilt(`ALTER CONNECTION ... ${begin.text.toUpperCase()}`);
  if (!name || begin?.text.toLowerCase() !== 'with')
    throw new StatementError(sqlstates.syntax, "a connection is made so: CREATE CONNECTION name WITH (type = '...', url = '...')");
  return { orIs, isThere, name: name.text, options: optionsText(Buffer.from(text), begin.start) };
}

/** What stands behind a place, as the options of a table without columns, at the same places. */
function optionsText(bytes: Buffer, start: number): string {
  const blank = bytes.toString('utf8', 0, start).replace(/[^\n]/g, ' ');
  return `create table x ()${blank.slice('create table x ()'.length)}${bytes.toString('utf8', start)}`;
}

/** Where the last WITH stands whose parenthesis ends the statement. */
function optionsAt(words: readonly string[]): number | undefined {
  if (words.at(-1) !== ')') return undefined;
  let depth = 0;
  for (let at = words.length - 1; at > 0; at -= 1) {
    if (words[at] === ')') depth += 1;
    else if (words[at] === '(') depth -= 1;
    if (depth === 0) return words[at - 1] === 'with' ? at - 1 : undefined;
  }
  return undefined;
}
