import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Joined } from '../domain/statistic.ts';
import { compareTexts, readValue, type Type, type Value } from '../domain/value.ts';
import { Bag, type Tally } from './bag.ts';
import { textBytesMax } from './limits.ts';
import { compareBy } from './order.ts';

/** A value that stands beside another in one text, where NULL is empty. */
export const unmarked = (type: Type, text: string | undefined): Value => (text ? readValue(type, text.slice(1)) : null);

type Entry = { readonly text: string; readonly by: readonly Value[]; readonly count: number };

/** Texts of a group that become one: in the order that was asked for, and those beside each other there in their own. */
export class TextBag extends Bag {
  readonly #joined: Joined;

  constructor(tally: Tally, joined: Joined) {
    super(tally);
    this.#joined = joined;
  }

  /** All texts as one; NULL of none. Throws StatementError (54000) for what is too long. */
  get answer(): string | null {
    const { delimiter, order } = this.#joined;
    const entries: Entry[] = [];
    let length = 0;
    for (const [, [value, count]] of this.counts()) {
      if (count <= 0) continue;
      const entry = { ...this.#entry(value as string), count };
      length += (entry.text.length + delimiter.length) * count;
      if (length > textBytesMax) throw new StatementError(sqlstates.tooLarge, `a text is at most ${textBytesMax} characters long`);
      entries.push(entry);
    }
    entries.sort((left, right) => compareBy(order, left.by, right.by) || compareTexts(left.text, right.text));
    const texts = entries.flatMap(({ text, count }) => new Array<string>(count).fill(text));
    return texts.length === 0 ? null : texts.join(delimiter);
  }

  #entry(value: string): Omit<Entry, 'count'> {
    const { order } = this.#joined;
    if (order.length === 0) return { text: value, by: [] };
    const [text = '', ...keys] = JSON.parse(value) as string[];
    return { text, by: order.map(({ type }, at) => unmarked(type, keys[at])) };
  }
}
