import type { Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { fixedLength, readInterval } from './interval.ts';
import { intervalLiteral } from './interval-literal.ts';
import { idleUsualMs } from './limits.ts';
import type { Column } from './value.ts';

/** How the times of a source's rows go on: none on time is more than the delay before the latest that was seen. */
export type Watermark = {
  readonly column: string;
  readonly delayMs: number;
  /** How far behind the watermark rows are taken, and what they are of is remembered. */
  readonly latenessMs: number;
  /** After how long without records a partition holds the watermark back no more. */
  readonly idleMs: number;
  /** The topic that gets the records that are too late. */
  readonly late?: string;
};

type Token = { readonly text: string; readonly start: number; readonly end: number };
/** `WATERMARK FOR column AS expression`: its expression is a SELECT at the same place. */
export type WatermarkText = { readonly column: string; readonly select: string; readonly start: number };

const nameIn = (text: string) => (text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase());

/** Takes the clause out of a CREATE SOURCE, whose bytes it overwrites. */
export function takeWatermark(bytes: Buffer, tokens: readonly Token[]): WatermarkText | undefined {
  let depth = 0;
  for (const [at, { text }] of tokens.entries()) {
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    const before = tokens[at - 1]?.text;
    if (depth !== 1 || text.toLowerCase() !== 'watermark' || (before !== '(' && before !== ',')) continue;
    const [word, column, as] = tokens.slice(at + 1, at + 4);
    if (word?.text.toLowerCase() !== 'for' || !column) continue;
    const end = endOf(tokens, at);
    const first = tokens[at + 4];
    if (as?.text.toLowerCase() !== 'as' || !first || end <= at + 4)
      throw new StatementError(
        sqlstates.syntax,
        'a watermark is written so: WATERMARK FOR column AS expression',
        placeOf(bytes, word.start),
      );
    const [from, to] = [tokens[at] as Token, tokens[end - 1] as Token];
    const select = `select ${' '.repeat(first.start - 'select '.length)}${bytes.toString('utf8', first.start, to.end)}`;
    // With the comma that parts it from the columns.
    const after = tokens[end]?.text === ',' ? tokens[end]?.end : to.end;
    bytes.fill(' ', before === ',' ? tokens[at - 1]?.start : from.start, before === ',' ? to.end : after);
    return { column: nameIn(column.text), select, start: from.start };
  }
  return undefined;
}

const placeOf = (bytes: Buffer, start: number) => bytes.toString('utf8', 0, start).length + 1;

/** Where an element of a list ends. */
function endOf(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let at = from; at < tokens.length; at += 1) {
    const text = tokens[at]?.text;
    if (depth === 0 && (text === ',' || text === ')')) return at;
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
  }
  return tokens.length;
}

const modes: Readonly<Record<string, boolean>> = { 'on window close': true, immediately: false };

/** Takes EMIT ... off the end of a view's text, whose bytes it overwrites; whether rows wait for the close of their window. */
export function takeEmit(bytes: Buffer, tokens: readonly Token[]): boolean | undefined {
  const words = tokens.map(({ text }) => text.toLowerCase());
  const at = words.lastIndexOf('emit');
  const mode = at < 1 ? undefined : modes[words.slice(at + 1).join(' ')];
  if (mode !== undefined) bytes.fill(' ', tokens[at]?.start, tokens.at(-1)?.end);
  return mode;
}

/** The one expression of a SELECT of nothing else. */
function targetIn(node: Node | undefined): Node | undefined {
  const { targetList = [], ...rest } = node && 'SelectStmt' in node ? node.SelectStmt : {};
  const [target, ...more] = targetList;
  if (more.length > 0 || 'fromClause' in rest || 'whereClause' in rest) return undefined;
  return target && 'ResTarget' in target ? target.ResTarget.val : undefined;
}

/** The watermark of a clause, whose expression is that of a SELECT, and the options of its source. */
export function watermarkOf(
  { column }: WatermarkText,
  by: Node | undefined,
  given: ReadonlyMap<string, string>,
  position: number | undefined,
): Watermark {
  const late = given.get('late');
  if (late !== undefined && (!/^[a-zA-Z0-9._-]{1,249}$/.test(late) || late === given.get('topic')))
    throw new StatementError('22023', 'late names another topic');
  const [lateness, idle] = [given.get('lateness'), given.get('idle')];
  return {
    ...{ column, delayMs: delayOf(column, targetIn(by), position) },
    latenessMs: lateness === undefined ? 0 : msOf(lateness, 'lateness'),
    idleMs: idle === undefined ? idleUsualMs : msOf(idle, 'idle'),
    ...(late === undefined ? {} : { late }),
  };
}

/** The milliseconds of an option that is an interval. */
export function msOf(text: string, what: string): number {
  const read = readInterval(text);
  if (!read) throw new StatementError('22007', `${what} is an interval: "${text}" is none`);
  const micros = fixedLength(read, what);
  return Math.ceil(micros / 1000);
}

/** `column` or `column - INTERVAL`. */
function delayOf(name: string, expr: Node | undefined, position: number | undefined): number {
  const isColumn = (node: Node | undefined) => {
    const [field, ...more] = node && 'ColumnRef' in node ? (node.ColumnRef.fields ?? []) : [];
    return field !== undefined && more.length === 0 && 'String' in field && field.String.sval === name;
  };
  if (isColumn(expr)) return 0;
  const { lexpr, rexpr, name: sign } = expr && 'A_Expr' in expr ? expr.A_Expr : {};
  const [word] = sign ?? [];
  const length = rexpr && 'TypeCast' in rexpr ? intervalLiteral(rexpr.TypeCast.arg, rexpr.TypeCast.typeName) : undefined;
  if (!isColumn(lexpr) || !length || !word || !('String' in word) || word.String.sval !== '-')
    throw notBuilt(`A watermark of any form but ${name} - INTERVAL '...'`, position);
  const micros = length.micros === 0 && length.days === 0 && length.months === 0 ? 0 : fixedLength(length, 'the delay of a watermark');
  return Math.ceil(micros / 1000);
}

/** Refuses a watermark that the rows of a source cannot have. */
export function checkWatermark({ column }: Watermark, columns: readonly Column[], isGrowing: boolean): void {
  const found = columns.find(({ name }) => name === column);
  if (!found) throw new StatementError(sqlstates.columnMissing, `column "${column}" does not exist`);
  if (found.type !== 'timestamp' && found.type !== 'timestamptz')
    throw new StatementError(sqlstates.typeWrong, 'a watermark needs a column of the type timestamp');
  if (!isGrowing) throw notBuilt('A watermark of rows that may be taken back');
}
