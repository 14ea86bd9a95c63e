import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Joined } from '../domain/statistic.ts';
import { compareTexts, readValue, type Type, type Value } from '../domain/value.ts';
import type { Tally } from './bag.ts';
import { textBytesMax } from './limits.ts';
import { compareBy } from './order.ts';
import { SortedBag } from './sorted-bag.ts';

/** A value that stands beside another in one text, where NULL is empty. */
export const unmarked = (type: Type, text: string | undefined): Value => (text ? readValue(type, text.slice(1)) : null);

type Entry = { readonly packed: string; readonly text: string; readonly by: readonly Value[]; readonly count: number };

/** Texts of a group that become one: in the order that was asked for, and those beside each other there in their own. */
export class TextBag extends SortedBag<Entry> {
  readonly #delimiter: string;

  constructor(tally: Tally, joined: Joined) {
    super(tally, {
      entryOf: (value, count) => entryOf(joined, value as string, count),
      compare: (left, right) =>
        compareBy(joined.order, left.by, right.by) || compareTexts(left.text, right.text) || compareTexts(left.packed, right.packed),
    });
    this.#delimiter = joined.delimiter;
  }

  /** All texts as one; NULL of none. Throws StatementError (54000) for what is too long. */
  get answer(): string | null {
    const { entries } = this;
    const delimiter = this.#delimiter;
    let length = 0;
    for (const { text, count } of entries) length += (text.length + delimiter.length) * count;
    if (length > textBytesMax) throw new StatementError(sqlstates.tooLarge, `a text is at most ${textBytesMax} characters long`);
    const texts: string[] = [];
    for (const { text, count } of entries) for (let time = 0; time < count; time += 1) texts.push(text);
    return texts.length === 0 ? null : texts.join(delimiter);
  }
}

function entryOf({ order }: Joined, packed: string, count: number): Entry {
  if (order.length === 0) return { packed, text: packed, by: [], count };
  const [text = '', ...keys] = JSON.parse(packed) as string[];
  return { packed, text, by: order.map(({ type }, at) => unmarked(type, keys[at])), count };
}
