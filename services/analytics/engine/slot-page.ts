import type { Type, Value } from '../domain/value.ts';
import type { Kept, KeptValue } from './accumulator.ts';
import type { Bag, Tally } from './bag.ts';
import { type Vector, valueAt, vectorOf } from './batch.ts';
import { entriesMax, pageBytesMin, pageRowsMax } from './limits.ts';
import type { Owned } from './operator.ts';
import { PageReader, PageWriter } from './page.ts';
import { readColumn, writeColumn } from './page-column.ts';
import type { KeyColumn } from './key/key-column.ts';
import { type Places, rowsAt, stampAt } from './place.ts';

/** What a page is of: groups with what is kept of each, the same of all groups that there are, or values of their bags. */
const [ofGroups, ofAllGroups, ofBags] = [0, 1, 2];

/** Groups as pages are made of them and taken by them. */
export type Groups = {
  readonly types: readonly Type[];
  readonly kinds: readonly Kept[];
  readonly starts: readonly number[];
  readonly places: Places;
  readonly values: unknown[];
  readonly depth: number;
  readonly isWhole: boolean;
  readonly tally: Tally;
  rowsOf(slot: number): number;
  readonly step: number;
  readonly spilling: { readonly away: number } | undefined;
  /** The slot of keys, which is opened where there is none. */
  slotOf(keys: readonly Value[]): number;
  begin(): number;
  /** Has a group that was opened and has its keys come back from disk, and be forgotten in its time; */
  opened(slot: number): void;
  /** the latter alone. */
  expire(slot: number): void;
  close(slot: number): void;
};

const beside = (groups: Groups, kind: number, slot: number): number => slot * groups.depth + (groups.starts[kind] as number);

/** What is kept in no column of a type of its own, as texts: JSON, but texts as they are behind a sign that JSON never begins with. */
const textOf = (written: unknown): string | null =>
  written === null ? null : typeof written === 'string' ? `=${written}` : JSON.stringify(written);
const writtenIn = (text: string | null): unknown =>
  text === null ? null : text.startsWith('=') ? text.slice(1) : (JSON.parse(text) as unknown);

const isColumn = (kind: Kept): kind is KeptValue & { readonly column: Type } => kind.cells === undefined && kind.column !== undefined;
const isWritten = (kind: Kept): kind is KeptValue => kind.cells === undefined && !kind.bag && !kind.column;

/** Groups in pages, each as it is now: one that has gone has no rows. */
export function* groupPages(groups: Groups, slots: Iterable<number>, areAll: boolean): Generator<Uint8Array> {
  const of = areAll ? ofAllGroups : ofGroups;
  const own = groups.kinds.flatMap((kind, at) => (isWritten(kind) ? [at] : []));
  let chosen: number[] = [];
  let texts: (string | null)[][] = own.map(() => []);
  let bytes = 0;
  for (const slot of slots) {
    chosen.push(slot);
    bytes += groups.places.keyLength(slot);
    for (const [place, at] of own.entries()) {
      const kind = groups.kinds[at] as KeptValue;
      const text = textOf(kind.write(groups.values[beside(groups, at, slot)] as never));
      (texts[place] as (string | null)[]).push(text);
      bytes += text?.length ?? 0;
    }
    if (chosen.length < pageRowsMax && bytes < pageBytesMin) continue;
    yield pageOfGroups(of, groups, chosen, texts);
    [chosen, texts, bytes] = [[], own.map(() => []), 0];
  }
  if (chosen.length > 0) yield pageOfGroups(of, groups, chosen, texts);
}

function pageOfGroups(of: number, groups: Groups, slots: readonly number[], texts: readonly (string | null)[][]): Uint8Array {
  const page = new PageWriter();
  page.byte(of);
  page.count(slots.length);
  page.count(groups.places.size);
  const cells = cellsOf(groups.places, slots);
  writeKeys(page, groups, slots);
  page.numbers(cells[rowsAt] as Float64Array);
  let written = 0;
  for (const [at, kind] of groups.kinds.entries()) {
    const start = groups.starts[at] as number;
    if (kind.cells) for (const place of kind.cells.keys()) page.numbers(cells[start + place] as Float64Array);
    else if (isColumn(kind)) {
      const held = slots.map((slot) => [groups.values[beside(groups, at, slot)] as Value]);
      writeColumn(page, kind.column, vectorOf(kind.column, held, 0), slots.length);
    } else if (!kind.bag) page.texts(texts[written++] as (string | null)[]);
  }
  return page.finish();
}

/** The numbers of some slots, in columns. */
function cellsOf({ cells, width }: Places, slots: readonly number[]): Float64Array[] {
  const made = Array.from({ length: width }, () => new Float64Array(slots.length));
  for (let row = 0; row < slots.length; row += 1) {
    const from = (slots[row] as number) * width;
    for (let at = 0; at < width; at += 1) (made[at] as Float64Array)[row] = cells[from + at] as number;
  }
  return made;
}

function writeKeys(page: PageWriter, { types, places }: Groups, slots: readonly number[]): void {
  for (const [at, type] of types.entries()) writeColumn(page, type, places.column(at, slots), slots.length);
}

/** Values of bags in pages, each with how often it is there now. */
export function* bagPages(groups: Groups, kind: number, values: Iterable<readonly [number, Value, number]>): Generator<Uint8Array> {
  let [slots, held, counts, bytes] = [[] as number[], [] as Value[], [] as number[], 0];
  for (const [slot, value, count] of values) {
    slots.push(slot);
    held.push(value);
    counts.push(count);
    if (typeof value === 'string') bytes += value.length;
    if (slots.length < pageRowsMax && bytes < pageBytesMin) continue;
    yield pageOfBags(groups, kind, slots, held, counts);
    [slots, held, counts, bytes] = [[], [], [], 0];
  }
  if (slots.length > 0) yield pageOfBags(groups, kind, slots, held, counts);
}

function pageOfBags(groups: Groups, kind: number, slots: readonly number[], held: readonly Value[], counts: readonly number[]): Uint8Array {
  const page = new PageWriter();
  page.byte(ofBags);
  page.count(slots.length);
  page.count(kind);
  writeKeys(page, groups, slots);
  const type = (groups.kinds[kind] as KeptValue).bag as Type;
  const rows = held.map((value) => [value]);
  writeColumn(page, type, vectorOf(type, rows, 0), slots.length);
  page.numbers(Float64Array.from(counts));
  return page.finish();
}

/** Takes a page, or what is one's own of it: it stands for what was there under the same keys. */
export function loadPage(groups: Groups, bytes: Uint8Array, own?: Owned): void {
  const page = new PageReader(bytes);
  const of = page.byte();
  const [count, more] = [page.count(), page.count()];
  const keys = groups.types.map((type) => readColumn(page, type, count));
  const mask = own?.({ size: count, columns: keys, weights: undefined });
  if (of !== ofBags) {
    if (!mask) groups.places.reserve(Math.min(more, entriesMax));
    loadGroups(groups, page, { keys, count, mask, areNew: of === ofAllGroups });
    return;
  }
  const type = (groups.kinds[more] as KeptValue).bag as Type;
  const values = readColumn(page, type, count);
  const counts = page.numbers(count);
  for (let at = 0; at < count; at += 1) {
    if (mask?.[at] === 0) continue;
    const slot = groups.slotOf(keys.map((vector) => valueAt(vector, at)));
    // It is otherwise than what may be on disk of it.
    groups.places.cells[slot * groups.places.width + stampAt] = groups.step;
    const bag = groups.values[beside(groups, more, slot)] as Bag;
    bag.load(valueAt(values, at) as Exclude<Value, null>, counts[at] as number);
  }
}

/** The keys of a page of groups; `areNew`: none of them is there. */
type Keyed = { readonly keys: readonly Vector[]; readonly count: number; readonly mask: Uint8Array | undefined; readonly areNew: boolean };

function loadGroups(groups: Groups, page: PageReader, keyed: Keyed): void {
  const { count } = keyed;
  const rows = page.numbers(count);
  const slots = slotsOf(groups, keyed, rows);
  const numbers: Numbers[] = [
    { at: stampAt, of: new Float64Array(count).fill(groups.step) },
    { at: rowsAt, of: rows },
  ];
  for (const [kind, kept] of groups.kinds.entries()) {
    const start = groups.starts[kind] as number;
    if (kept.cells) for (const place of kept.cells.keys()) numbers.push({ at: start + place, of: page.numbers(count) });
    else if (!kept.bag) {
      const read = readValues(groups, page, kept, count);
      for (let at = 0; at < count; at += 1) {
        const slot = slots[at] as number;
        if (slot >= 0) groups.values[beside(groups, kind, slot)] = read(at);
      }
    }
  }
  putNumbers(groups.places, slots, numbers);
}

type Numbers = { readonly at: number; readonly of: Float64Array };

/** All numbers of a slot at once, since they lie beside each other. */
function putNumbers({ cells, width }: Places, slots: Int32Array, numbers: readonly Numbers[]): void {
  for (let row = 0; row < slots.length; row += 1) {
    const from = (slots[row] as number) * width;
    if (from >= 0) for (const { at, of } of numbers) cells[from + at] = of[row] as number;
  }
}

function readValues({ tally }: Groups, page: PageReader, kind: KeptValue, count: number): (at: number) => unknown {
  if (kind.column) {
    const vector = readColumn(page, kind.column, count);
    return (at) => valueAt(vector, at);
  }
  const texts = page.texts(count);
  return (at) => kind.read(writtenIn(texts[at] as string | null) as never, tally);
}

/** The slots of groups, which are opened where they are not there; of those that are another's or have gone, which are closed, -1. */
function slotsOf(groups: Groups, { keys, mask, count, areNew }: Keyed, rows: Float64Array): Int32Array {
  const { places } = groups;
  const own = keys.map((vector, at) => (places.columns[at] as KeyColumn).cells(vector, count, areNew && keys.length === 1));
  const cells = new Float64Array(keys.length);
  const [slots, late] = [new Int32Array(count).fill(-1), { hashes: new Int32Array(count), slots: new Int32Array(count), size: 0 }];
  const read = (at: number) => {
    for (let place = 0; place < own.length; place += 1) cells[place] = (own[place] as Float64Array)[at] as number;
  };
  for (let at = 0; at < count; at += 1) {
    if (mask?.[at] === 0) continue;
    read(at);
    const hash = places.hash(cells, 0);
    const known = areNew ? -1 : places.at(cells, hash);
    slots[at] = known >= 0 ? known : openedAt(groups, cells, hash, rows[at] as number, areNew ? late : undefined);
  }
  for (let at = 0; at < count; at += 1) {
    if (!areNew && mask?.[at] !== 0 && rows[at] === 0 && !groups.isWhole && (slots[at] as number) >= 0) {
      groups.close(slots[at] as number);
      slots[at] = -1;
    }
    if ((slots[at] as number) >= 0) continue;
    read(at);
    places.drop(cells);
  }
  places.addAll(late.hashes.subarray(0, late.size), late.slots.subarray(0, late.size));
  return slots;
}

type Late = { readonly hashes: Int32Array; readonly slots: Int32Array; size: number };

/** The slot that is opened for the numbers of keys, or -1 where nothing is to be opened; `late`: where it is put for the table. */
function openedAt(groups: Groups, cells: Float64Array, hash: number, rows: number, late: Late | undefined): number {
  const { places } = groups;
  // What has gone may be on disk.
  if (rows === 0 && !groups.isWhole && (groups.spilling?.away ?? 0) === 0) return -1;
  const slot = groups.begin();
  places.take(slot, cells);
  if (late) {
    late.hashes[late.size] = hash;
    late.slots[late.size++] = slot;
    groups.expire(slot);
  } else {
    places.add(hash, slot);
    groups.opened(slot);
  }
  return slot;
}
