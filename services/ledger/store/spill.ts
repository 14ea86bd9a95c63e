import { ColdIds, type IdRun, idWidth } from '../engine/cold-id.ts';
import { type ListRun, nearWidth, wideWidth } from '../engine/cold-list.ts';
import { Filter } from '../engine/filter.ts';
import { hashAt } from '../engine/id-index.ts';
import { chunkRowsMax, indexPartitionsMax } from '../engine/limits.ts';
import { idEntries, listEntries, type Span } from '../engine/slice.ts';
import { sorted } from '../engine/sort.ts';
import type { State } from '../engine/state.ts';
import type { Disk } from './disk.ts';
import { memoryRowsMax, runRowsMax, sliceRows, spillRows } from './limits.ts';
import { openRun, type OnEntries, pause, type RunMeta, type Source, sourceOf, sourceOfRun, writeRun } from './run-file.ts';

/** Files of ids and lists of a stretch of transfers and burnt ids, as a snapshot names them. */
export type SegmentMeta = Span & {
  readonly sequence: number;
  readonly ids: RunMeta;
  readonly near: RunMeta;
  readonly wide: RunMeta;
};
type Segment = SegmentMeta & { readonly idRun: IdRun; readonly lists: ListRun };
type Kind = 'ids' | 'near' | 'wide';

const widths = { ids: idWidth, near: nearWidth, wide: wideWidth } as const;
const kinds = ['ids', 'near', 'wide'] as const;

export const isRunFile = (name: string): boolean => name.startsWith('run-');
const nameOf = (scope: bigint, kind: Kind, sequence: number): string => `run-${scope.toString(16).padStart(16, '0')}-${kind}-${sequence}`;

/** The files of segments. */
export const filesOf = (scope: bigint, segments: readonly SegmentMeta[]): string[] =>
  segments.flatMap(({ sequence }) => kinds.map((kind) => nameOf(scope, kind, sequence)));

/** Fills a filter with the ids of a run. */
function filling(filter: Filter): OnEntries {
  const id = new Int32Array(4);
  return (words) => {
    for (let at = 0; at < words.length; at += idWidth) {
      for (let word = 0; word < 4; word += 1) id[word] = words[at + 3 - word] as number;
      filter.add(hashAt(id, 0), id[0] as number, id[1] as number, id[2] as number, id[3] as number);
    }
  };
}

/** Burnt ids that lie in files are not looked for among rows. */
export const noBurnt = (chunk: number): never => {
  throw new RangeError(`chunk ${chunk} of burnt ids has left the memory for good`);
};

/** Rows and burnt ids of a span. */
const rowsOf = ({ from, to, burntFrom, burntTo }: Span): number => to - from + burntTo - burntFrom;

/**
 * Lets ids and lists of one ledger leave the memory: sorted into immutable files, each of a stretch of rows. Files of like size
 * are merged, so that their number grows with the logarithm of the rows.
 */
export class Spill {
  readonly #disk: Disk;
  readonly #scope: bigint;
  readonly #state: State;
  readonly #memoryRows: number;
  #segments: readonly Segment[] = [];
  #sequence = 0;

  constructor(disk: Disk, scope: bigint, state: State, memoryRows = memoryRowsMax) {
    this.#disk = disk;
    this.#scope = scope;
    this.#state = state;
    this.#memoryRows = memoryRows;
  }

  /** Opens what a snapshot names; the rest of the rows are the caller's to enter. */
  async open(segments: readonly SegmentMeta[]): Promise<void> {
    const found: Segment[] = [];
    for (const segment of segments) {
      const open = (kind: Kind, onEntries?: OnEntries) =>
        openRun(this.#disk, nameOf(this.#scope, kind, segment.sequence), widths[kind], segment[kind], onEntries);
      const filter = new Filter(segment.ids.count);
      const { run } = await open('ids', filling(filter));
      const [near, wide] = [await open('near'), await open('wide')];
      found.push({ ...segment, idRun: { run, filter }, lists: { near: near.run, wide: wide.run } });
    }
    this.#sequence = Math.max(0, ...segments.map(({ sequence }) => sequence));
    this.#show(found);
  }

  /** The files that there are now. */
  get segments(): readonly SegmentMeta[] {
    return this.#segments.map(({ idRun: _, lists: __, ...meta }) => meta);
  }

  /** Rows before these have left the memory. */
  get to(): number {
    return this.#segments.at(-1)?.to ?? 0;
  }
  get burntTo(): number {
    return this.#segments.at(-1)?.burntTo ?? 0;
  }

  #show(segments: readonly Segment[]): void {
    this.#segments = segments;
    if (segments.length === 0) return;
    this.#state.transferIndex.cold = new ColdIds(segments.map(({ idRun }) => idRun));
    this.#state.transferLists.cold = { to: this.to, runs: segments.map(({ lists }) => lists) };
  }

  /** Writes the older half of what is in memory into files, when it is more than it may be. */
  async run(): Promise<void> {
    const { transfers, burnt } = this.#state;
    const [count, burntTo] = [transfers.count, burnt.count];
    if (count - this.to + burntTo - this.burntTo <= this.#memoryRows) return;
    const end = Math.max(this.to, count - (this.#memoryRows >>> 1));
    while (this.to < end || this.burntTo < burntTo) {
      const span = { from: this.to, to: Math.min(end, this.to + spillRows), burntFrom: this.burntTo };
      await this.#write({ ...span, burntTo: Math.min(burntTo, this.burntTo + spillRows) });
    }
    await this.#forget();
  }

  async #write(span: Span): Promise<void> {
    let kept = this.#segments.length;
    let rows = rowsOf(span);
    for (; kept > 0; kept -= 1) {
      const before = rowsOf(this.#segments[kept - 1] as Segment);
      if (before > rows || rows + before > runRowsMax) break;
      rows += before;
    }
    const merged = this.#segments.slice(kept);
    const slices = await this.#slices(span);
    this.#sequence += 1;
    const write = (kind: Kind, onEntries?: OnEntries) => {
      const old = merged.map((each) => sourceOfRun(this.#disk, nameOf(this.#scope, kind, each.sequence), widths[kind], each[kind].count));
      const fresh = slices[kind].reduce((sum, { words }) => sum + words.length, 0) / widths[kind];
      const count = merged.reduce((sum, each) => sum + each[kind].count, fresh);
      return writeRun(this.#disk, nameOf(this.#scope, kind, this.#sequence), widths[kind], count, [...old, ...slices[kind]], onEntries);
    };
    const filter = new Filter(rows);
    const [ids, near, wide] = [await write('ids', filling(filter)), await write('near'), await write('wide')];
    const { from, burntFrom } = merged[0] ?? span;
    const metas = { ids: ids.meta, near: near.meta, wide: wide.meta };
    const opened = { idRun: { run: ids.run, filter }, lists: { near: near.run, wide: wide.run } };
    const segment = { ...metas, ...opened, sequence: this.#sequence, from, to: span.to, burntFrom, burntTo: span.burntTo };
    this.#show([...this.#segments.slice(0, kept), segment]);
  }

  /** The new entries, sorted slice by slice so that other work gets its turn. */
  async #slices({ from, to, burntFrom, burntTo }: Span): Promise<Record<Kind, Source[]>> {
    const slices: Record<Kind, Source[]> = { ids: [], near: [], wide: [] };
    for (let row = from; row < to; row += sliceRows) {
      const end = Math.min(to, row + sliceRows);
      slices.ids.push(sourceOf(sorted(idEntries(this.#state, { from: row, to: end, burntFrom, burntTo: burntFrom }), idWidth)));
      const { near, wide } = listEntries(this.#state, row, end);
      slices.near.push(sourceOf(sorted(near, nearWidth)));
      slices.wide.push(sourceOf(sorted(wide, wideWidth)));
      await pause();
    }
    for (let row = burntFrom; row < burntTo; row += sliceRows) {
      const span = { from, to: from, burntFrom: row, burntTo: Math.min(burntTo, row + sliceRows) };
      slices.ids.push(sourceOf(sorted(idEntries(this.#state, span), idWidth)));
      await pause();
    }
    return slices;
  }

  /** What is in files leaves the memory, part by part. */
  async #forget(): Promise<void> {
    const { transferIndex, burnt } = this.#state;
    for (let part = 0; part < indexPartitionsMax; part += 1) {
      transferIndex.forget(part, this.to, this.burntTo);
      if (part % 8 === 7) await pause();
    }
    const full = Math.floor(this.burntTo / chunkRowsMax);
    for (let chunk = full - 1; chunk >= 0 && burnt.inMemory(chunk); chunk -= 1) burnt.evict(chunk, noBurnt);
  }
}
