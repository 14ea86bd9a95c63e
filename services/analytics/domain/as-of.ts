import { notBuilt } from '#engine/pgwire/statement-error.ts';

type Token = { readonly text: string; readonly start: number; readonly end: number };

/** What PostgreSQL's grammar takes in the place of AS OF: a sample by this method. */
export const asOfMethod = 'asof';
const words = ['for', 'system_time', 'as', 'of'];
const behind = new Set([
  'on',
  'join',
  'left',
  'inner',
  'right',
  'full',
  'cross',
  'natural',
  'using',
  'where',
  'group',
  'order',
  'having',
  'union',
]);
const isText = (text: string | undefined) => text?.startsWith("'") === true;
const isName = (text: string | undefined) => text !== undefined && /^(?:[a-z_]\w*|".+")$/i.test(text);

/** Writes `FOR SYSTEM_TIME AS OF {column | PROCTIME() | [TIMESTAMP] 'moment'} [AS alias]` as the grammar knows it, in the same room. */
export function takeAsOf(bytes: Buffer, tokens: readonly Token[], placeOf: (start: number) => number | undefined): void {
  for (let at = 1; at < tokens.length; at += 1) {
    if (!words.every((word, by) => tokens[at + by]?.text.toLowerCase() === word)) continue;
    const from = tokens[at] as Token;
    let last = at + words.length;
    if (/^timestamp(tz)?$/i.test(tokens[last]?.text ?? '') && isText(tokens[last + 1]?.text)) last += 1;
    const first = last;
    if (!isName(tokens[last]?.text) && !isText(tokens[last]?.text))
      throw notBuilt('FOR SYSTEM_TIME AS OF anything but a column or a moment', placeOf(from.start));
    if (tokens[last + 1]?.text === '.') last += 2;
    if (tokens[last + 1]?.text === '(' && tokens[last + 2]?.text === ')') last += 2;
    const column = bytes.toString('utf8', tokens[first]?.start, tokens[last]?.end);
    let alias = '';
    const next = tokens[last + 1]?.text.toLowerCase() === 'as' ? last + 2 : last + 1;
    if (isName(tokens[next]?.text) && !behind.has(tokens[next]?.text.toLowerCase() ?? '')) {
      alias = tokens[next]?.text ?? '';
      last = next;
    }
    const end = tokens[last]?.end ?? from.end;
    const text = `${alias} tablesample ${asOfMethod}(${column})`;
    const room = end - from.start;
    if (Buffer.byteLength(text) > room) throw notBuilt('An alias of this length beside FOR SYSTEM_TIME AS OF', placeOf(from.start));
    bytes.fill(' ', from.start, end);
    bytes.write(text, from.start);
    at = last;
  }
}
