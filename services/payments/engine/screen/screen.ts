import { setImmediate as turn } from 'node:timers/promises';
import { wordsAtOnce, wordsKnownMax } from './limits.ts';
import type { Asked, Listed, Match } from './list.ts';
import { folded, romanized } from './romanize.ts';
import { alike } from './similar.ts';

/** A name of a list as its words, and what they weigh together. */
type Name = { readonly of: number; readonly text: string; readonly words: readonly number[]; weight: number };
type Near = { readonly word: number; readonly sim: number };

/** Least likeness of two words, of two names to be looked at closely, and of those that are told. */
const [wordLeast, closeLeast, toldLeast] = [0.62, 0.45, 0.79];
/** What a way of writing takes off, how many names are looked at closely, and least bigrams in common. */
const [foldedCost, closeMost, commonLeast] = [0.02, 24, 0.3];
/** What evidence adds or takes off. */
const [birthRight, yearRight, birthWrong, countryRight] = [0.06, 0.03, 0.25, 0.02];

/** Words that say what somebody is, and not who. */
const titles: ReadonlySet<string> = new Set([
  ...['mr', 'mrs', 'ms', 'dr', 'sr', 'jr', 'prof', 'general', 'colonel', 'major', 'captain', 'sheikh', 'shaykh', 'haji', 'hajji', 'mullah'],
  ...['the', 'of', 'and', 'de', 'la', 'el', 'y', 'e', 'da', 'do', 'del', 'van', 'von', 'al', 'ul', 'bin', 'ibn', 'abu', 'abd', 'a', 'c'],
  ...[
    'co',
    'company',
    'ltd',
    'limited',
    'inc',
    'llc',
    'corp',
    'corporation',
    'sa',
    's',
    'gmbh',
    'plc',
    'ooo',
    'oao',
    'pjsc',
    'jsc',
    'ag',
    'bv',
    'srl',
  ],
]);
/** How little such a word weighs. */
const titleWeight = 0.15;

const wordsOf = (text: string): string[] => [...new Set(romanized(text).split(' '))].filter((word) => word !== '');

/** The pairs of letters of a word, its ends among them. */
function bigrams(word: string): Set<number> {
  const text = `^${word}$`;
  const pairs = new Set<number>();
  for (let at = 1; at < text.length; at += 1) pairs.add(text.charCodeAt(at - 1) * 128 + text.charCodeAt(at));
  return pairs;
}

/** Finds who on a list a name may mean: any alias, in any order of words, written in another way or with slips. */
export class Screen {
  readonly #listed: readonly Listed[];
  readonly #names: Name[] = [];
  readonly #words: string[] = [];
  readonly #folds: string[] = [];
  readonly #weights: number[] = [];
  readonly #namesOf: number[][] = [];
  readonly #byPair = new Map<number, number[]>();
  readonly #near = new Map<string, readonly Near[]>();
  readonly #known = new Map<string, number>();
  #common = new Uint8Array(0);
  #sums = new Float32Array(0);
  #taken = new Int32Array(0);
  #turn = 0;

  private constructor(listed: readonly Listed[]) {
    this.#listed = listed;
  }

  /** Reads a list, and lets others work meanwhile. */
  static async of(listed: readonly Listed[]): Promise<Screen> {
    const screen = new Screen(listed);
    for (const [of, each] of listed.entries()) {
      screen.#add(of, each);
      if (of % wordsAtOnce === 0) await turn();
    }
    screen.#weigh();
    return screen;
  }

  #add(of: number, { name, aliases }: Listed): void {
    for (const text of new Set([name, ...aliases])) {
      const words = wordsOf(text).map((word) => this.#wordOf(this.#known, word));
      if (words.length === 0) continue;
      for (const word of words) this.#namesOf[word]?.push(this.#names.length);
      this.#names.push({ of, text, words, weight: 0 });
    }
  }

  #weigh(): void {
    this.#words.forEach((word, at) => this.#weights.push(weightOf(word, this.#namesOf[at]?.length ?? 0, this.#names.length)));
    for (const name of this.#names) name.weight = name.words.reduce((sum, word) => sum + (this.#weights[word] ?? 0), 0);
    this.#common = new Uint8Array(this.#words.length);
    this.#sums = new Float32Array(this.#names.length);
    this.#taken = new Int32Array(this.#names.length);
  }

  /** Those that the name may mean, the surest first. */
  find({ name, birthDate, country }: Asked): Match[] {
    const asked = wordsOf(name).map((word) => ({ near: this.#nearOf(word), weight: this.#weightOf(word) }));
    const best = new Map<number, Match>();
    for (const at of this.#close(asked)) {
      const found = this.#names[at] as Name;
      const likeness = this.#likeness(found, asked);
      const { score, reasons } = withEvidence(likeness, this.#listed[found.of] as Listed, birthDate, country);
      if (score < toldLeast || score <= (best.get(found.of)?.score ?? 0)) continue;
      const { id } = this.#listed[found.of] as Listed;
      best.set(found.of, { id, name: found.text, score: Math.min(1, Math.round(score * 1000) / 1000), reasons });
    }
    return [...best.values()].toSorted((a, b) => b.score - a.score);
  }

  #wordOf(known: Map<string, number>, word: string): number {
    const at = known.get(word);
    if (at !== undefined) return at;
    const index = this.#words.push(word) - 1;
    known.set(word, index);
    this.#folds.push(folded(word));
    this.#namesOf.push([]);
    for (const pair of bigrams(folded(word))) {
      const list = this.#byPair.get(pair);
      if (list) list.push(index);
      else this.#byPair.set(pair, [index]);
    }
    return index;
  }

  /** A word that no name has weighs as one that one name has. */
  #weightOf(word: string): number {
    const same = this.#nearOf(word).find(({ sim }) => sim === 1);
    return same ? (this.#weights[same.word] ?? 1) : weightOf(word, 1, this.#names.length);
  }

  /** The words of the list that a word may be, with how alike they are. */
  #nearOf(word: string): readonly Near[] {
    const known = this.#near.get(word);
    if (known) return known;
    const fold = folded(word);
    const pairs = bigrams(fold);
    const met: number[] = [];
    for (const pair of pairs)
      for (const at of this.#byPair.get(pair) ?? []) {
        if (this.#common[at] === 0) met.push(at);
        this.#common[at] = (this.#common[at] ?? 0) + 1;
      }
    const near: Near[] = [];
    for (const at of met) {
      const common = this.#common[at] ?? 0;
      this.#common[at] = 0;
      const other = this.#folds[at] as string;
      if (common < commonLeast * Math.max(pairs.size, other.length + 1)) continue;
      const plain = this.#words[at] as string;
      const sim = likenessOf(word, fold, plain, other);
      if (sim >= wordLeast) near.push({ word: at, sim });
    }
    if (this.#near.size >= wordsKnownMax) this.#near.clear();
    near.sort((a, b) => b.sim - a.sim);
    this.#near.set(word, near);
    return near;
  }

  /** The names that have most of what the words weigh. */
  #close(asked: readonly { near: readonly Near[]; weight: number }[]): number[] {
    const met: number[] = [];
    for (const { near, weight } of asked) {
      this.#turn += 1;
      for (const { word, sim } of near)
        for (const name of this.#namesOf[word] ?? []) {
          if (this.#taken[name] === this.#turn) continue;
          this.#taken[name] = this.#turn;
          if (this.#sums[name] === 0) met.push(name);
          this.#sums[name] = (this.#sums[name] ?? 0) + sim * weight;
        }
    }
    const all = asked.reduce((sum, { weight }) => sum + weight, 0);
    const rated: { name: number; part: number }[] = [];
    for (const name of met) {
      const part = (2 * (this.#sums[name] ?? 0)) / (all + (this.#names[name]?.weight ?? 0));
      this.#sums[name] = 0;
      if (part >= closeLeast) rated.push({ name, part });
    }
    return rated
      .toSorted((a, b) => b.part - a.part)
      .slice(0, closeMost)
      .map(({ name }) => name);
  }

  /** How alike a name is to what was asked: each word stands for one other, and what stands for none counts against it. */
  #likeness({ words }: Name, asked: readonly { near: readonly Near[]; weight: number }[]): number {
    const pairs = asked.flatMap(({ near, weight }, index) =>
      near.flatMap(({ word, sim }) => (words.includes(word) ? [{ index, word, sim, weight }] : [])),
    );
    const [used, placed] = [new Set<number>(), new Set<number>()];
    let [agreed, left] = [0, 0];
    for (const { index, word, sim, weight } of pairs.toSorted((a, b) => b.sim - a.sim)) {
      if (used.has(word) || placed.has(index)) continue;
      used.add(word);
      placed.add(index);
      agreed += sim * (weight + (this.#weights[word] ?? 0));
      left += weight + (this.#weights[word] ?? 0);
    }
    asked.forEach(({ weight }, index) => {
      if (!placed.has(index)) left += weight;
    });
    for (const word of words) if (!used.has(word)) left += this.#weights[word] ?? 0;
    return left === 0 ? 0 : agreed / left;
  }
}

/** How alike two words are as they are written, or, a little less, as they are spelled elsewhere. */
function likenessOf(word: string, fold: string, plain: string, other: string): number {
  if (plain === word) return 1;
  const written = alike(word, plain, wordLeast);
  // Most words are spelled as they are written.
  if (fold === word && other === plain) return written;
  return Math.max(alike(fold, other, wordLeast + foldedCost) - foldedCost, written);
}

/** A word weighs the more, the fewer names have it. */
const weightOf = (word: string, count: number, names: number): number =>
  (titles.has(word) || word.length === 1 ? titleWeight : 1) * (0.35 + 0.65 * (Math.log((names + 1) / (count + 1)) / Math.log(names + 1)));

function withEvidence(likeness: number, { birthDates, countries }: Listed, birthDate?: string, country?: string) {
  const reasons = [likeness === 1 ? 'name' : 'similar_name'];
  let score = likeness;
  if (birthDate !== undefined && birthDates.length > 0) {
    const isSame = birthDates.some((date) => birthDate === date || (date.length < birthDate.length && birthDate.startsWith(date)));
    const isNear = birthDates.some((date) => Math.abs(Number(date.slice(0, 4)) - Number(birthDate.slice(0, 4))) <= 1);
    score += isSame ? birthRight : isNear ? yearRight : -birthWrong;
    reasons.push(isSame ? 'birth_date' : isNear ? 'birth_year' : 'other_birth_date');
  }
  if (country !== undefined && countries.some((one) => one.toLowerCase() === country.toLowerCase())) {
    score += countryRight;
    reasons.push('country');
  }
  return { score, reasons };
}
