import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { arrayDimensionsMax, arrayItemsMax, arrayLengthMax } from './limits.ts';

/**
 * An array: its items one behind another, and how many there are in each dimension, of which the empty array has none. Items are
 * counted from 1 in each.
 */
export type ArrayOf<Item> = { readonly sizes: readonly number[]; readonly items: readonly Item[] };

const quotable = /["\\{},\s]|^$|^null$/i;
const quoted = (text: string): string => (quotable.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : text);

/** An array of one dimension. */
export const listOf = <Item>(items: readonly Item[]): ArrayOf<Item> => {
  checkItems(items);
  return { sizes: items.length === 0 ? [] : [items.length], items };
};

const manyDigits = 10n ** 1000n;
const manyLength = 65_536;

/** Throws StatementError (54000) for more items than an array has, or longer ones. */
export function checkItems(items: readonly unknown[]): void {
  if (items.length > arrayItemsMax) throw new StatementError(sqlstates.tooLarge, `an array has at most ${arrayItemsMax} elements`);
  let length = 0;
  for (const item of items) {
    if (typeof item === 'string') length += item.length;
    else if (typeof item === 'object' && item !== null && 'units' in item)
      if ((item.units as bigint) > manyDigits || (item.units as bigint) < -manyDigits) length += manyLength;
  }
  if (length > arrayLengthMax)
    throw new StatementError(sqlstates.tooLarge, `the elements of an array are at most ${arrayLengthMax} characters long together`);
}

/** The text of an array as PostgreSQL writes it. */
export function printArray<Item>({ sizes, items }: ArrayOf<Item>, print: (item: Item) => string | null): string {
  let at = 0;
  const level = (depth: number): string => {
    const parts: string[] = [];
    for (let left = sizes[depth] ?? 0; left > 0; left -= 1) {
      if (depth + 1 < sizes.length) parts.push(level(depth + 1));
      else {
        const text = print(items[at++] as Item);
        parts.push(text === null ? 'NULL' : quoted(text));
      }
    }
    return `{${parts.join(',')}}`;
  };
  return level(0);
}

const isSpace = (text: string | undefined): boolean => text !== undefined && /[ \t\n\r\v\f]/.test(text);

/** What is read of an array's text so far. */
class Reader {
  readonly #text: string;
  readonly #sizes: number[] = [];
  readonly #items: (string | null)[] = [];
  #dimensions = 0;
  /** Whether no more dimensions may be found: something was in the last one, or it ended. */
  #isDeep = false;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  wrong(detail: string): StatementError {
    return new StatementError(sqlstates.valueWrong, `malformed array literal: ${JSON.stringify(this.#text.slice(0, 100))}: ${detail}`);
  }

  #pass(): string | undefined {
    while (isSpace(this.#text[this.#at])) this.#at += 1;
    return this.#text[this.#at];
  }

  whole(): ArrayOf<string | null> {
    if (this.#pass() !== '{') throw this.wrong('it begins with "{" or the bounds of its dimensions');
    this.#level(0);
    if (this.#pass() !== undefined) throw this.wrong('it goes on behind its end');
    return this.#items.length === 0 ? { sizes: [], items: [] } : { sizes: this.#sizes, items: this.#items };
  }

  /** Items between braces, the first of which is next. */
  #level(depth: number): void {
    if (depth >= arrayDimensionsMax)
      throw new StatementError(sqlstates.tooLarge, `number of array dimensions exceeds the maximum allowed (${arrayDimensionsMax})`);
    if (depth >= this.#dimensions) {
      if (this.#isDeep) throw this.wrong(unlike);
      this.#dimensions = depth + 1;
    }
    this.#at += 1;
    let count = 0;
    for (let next = this.#pass(); next !== '}' || count > 0; count += 1) {
      if (next === '{') this.#level(depth + 1);
      else {
        this.#items.push(this.#item());
        if (this.#items.length > arrayItemsMax) checkItems(this.#items);
        if (depth + 1 !== this.#dimensions) throw this.wrong(unlike);
        this.#isDeep = true;
      }
      const mark = this.#pass();
      this.#at += 1;
      if (mark === '}') {
        this.#end(depth, count + 1);
        return;
      }
      if (mark !== ',') throw this.wrong(mark === undefined ? 'it has no end' : 'a comma is missing');
      next = this.#pass();
    }
    this.#at += 1;
    this.#end(depth, 0);
  }

  #end(depth: number, count: number): void {
    this.#isDeep = true;
    if ((this.#sizes[depth] ?? count) !== count) throw this.wrong(unlike);
    this.#sizes[depth] = count;
  }

  #item(): string | null {
    const text = this.#text;
    plainWord.lastIndex = this.#at;
    const [word] = plainWord.exec(text) ?? [];
    if (word !== undefined) {
      this.#at += word.length;
      return isNull(word) ? null : word;
    }
    return text[this.#at] === '"' ? this.#quoted() : this.#bare();
  }

  #quoted(): string {
    const text = this.#text;
    let found = '';
    for (this.#at += 1; text[this.#at] !== '"'; this.#at += 1) {
      if (text[this.#at] === '\\') this.#at += 1;
      if (this.#at >= text.length) throw this.wrong('a quote has no end');
      found += text[this.#at];
    }
    this.#at += 1;
    return found;
  }

  /** A word with spaces within, or escapes. */
  #bare(): string | null {
    const text = this.#text;
    let [found, end] = ['', 0];
    let isPlain = true;
    for (; this.#at < text.length && !/[,{}"]/.test(text[this.#at] as string); this.#at += 1) {
      const isEscape = text[this.#at] === '\\';
      if (isEscape) this.#at += 1;
      isPlain &&= !isEscape;
      found += text[this.#at] ?? '';
      if (isEscape || !isSpace(text[this.#at])) end = found.length;
    }
    if (end === 0) throw this.wrong('an element is missing');
    const word = found.slice(0, end);
    return isPlain && isNull(word) ? null : word;
  }
}

const isNull = (word: string): boolean => /^null$/i.test(word);
const unlike = 'sub-arrays must have matching dimensions';
const plainWord = /[^\s,{}"\\]+(?=[,}])/y;

/** Reads an array as PostgreSQL reads its text. Throws StatementError for what is none, has too much in it, or counts otherwise. */
export function readArray(text: string): ArrayOf<string | null> {
  return /^\s*\[/.test(text) ? readBounded(text.trimStart()) : new Reader(text).whole();
}

/** An array that says its bounds, which begin with 1 where this is built. */
function readBounded(text: string): ArrayOf<string | null> {
  const [head = '', ...bounds] = /^((?:\[[+-]?\d+(?::[+-]?\d+)?\])+)\s*=/.exec(text) ?? [];
  const wrong = (detail: string) => new StatementError(sqlstates.valueWrong, `malformed array literal: ${detail}`);
  if (head === '') throw wrong('its bounds are none');
  const sizes = (bounds[0] ?? '').split(']').flatMap((part) => {
    if (part === '') return [];
    const [low = '', high] = part.slice(1).split(':');
    if (high !== undefined && Number(low) !== 1)
      throw new StatementError('0A000', 'an array that is not counted from 1 is not supported here');
    return [Number(high ?? low)];
  });
  const found = new Reader(text.slice(head.length)).whole();
  if (found.sizes.join() !== sizes.join()) throw wrong('its bounds are not those of its contents');
  return found;
}

/** In PostgreSQL's order: by items, then by how many there are, then by dimensions. NULLs are behind all others. */
export function compareArrays<Item>(
  left: ArrayOf<Item | null>,
  right: ArrayOf<Item | null>,
  compare: (left: Item, right: Item) => number,
): number {
  const count = Math.min(left.items.length, right.items.length);
  for (let at = 0; at < count; at += 1) {
    const [a, b] = [left.items[at] as Item | null, right.items[at] as Item | null];
    const found = a === null || b === null ? Number(a === null) - Number(b === null) : compare(a, b);
    if (found !== 0) return found;
  }
  const more = left.items.length - right.items.length || left.sizes.length - right.sizes.length;
  if (more !== 0) return more;
  const at = left.sizes.findIndex((size, depth) => size !== right.sizes[depth]);
  return at < 0 ? 0 : (left.sizes[at] as number) - (right.sizes[at] as number);
}
