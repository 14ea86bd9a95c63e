import type { Format } from '../domain/format.ts';
import { isRefusal, readRecord } from '../domain/record.ts';
import type { Column } from '../domain/value.ts';
import { absent, type Batch } from './batch.ts';
import { type Cells, cellsOf } from './cell.ts';
import { anyCode, type Decoder, decoderOf, shapeCode } from './json-code.ts';
import { shapeOf } from './json-shape.ts';
import { shapesMax } from './limits.ts';

/** What came of some records: the rows, each with the number of its record, and the records that fit no row. */
export type Read = {
  readonly batch: Batch;
  readonly records: Uint32Array;
  readonly refused: readonly { readonly record: number; readonly error: Error }[];
};

/** The records' bytes one behind another in memory, and where each begins and ends. */
type Laid = { readonly bytes: Buffer; readonly starts: Int32Array; readonly ends: Int32Array };

function laid(values: readonly (Buffer | null)[]): Laid {
  const [starts, ends] = [new Int32Array(values.length), new Int32Array(values.length)];
  const buffer = values.find((value) => value !== null)?.buffer;
  if (!buffer) return { bytes: Buffer.alloc(0), starts, ends };
  // Records of one fetched batch lie in one buffer mostly, where they need not be moved.
  if (values.every((value) => value === null || value.buffer === buffer)) {
    for (let at = 0; at < values.length; at += 1) {
      const value = values[at];
      if (!value) continue;
      const from = value.byteOffset;
      starts[at] = from;
      ends[at] = from + value.length;
    }
    return { bytes: Buffer.from(buffer), starts, ends };
  }
  const bytes = Buffer.allocUnsafeSlow(values.reduce((sum, value) => sum + (value?.length ?? 0), 0));
  let from = 0;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    starts[at] = from;
    if (value) bytes.set(value, from);
    from += value?.length ?? 0;
    ends[at] = from;
  }
  return { bytes, starts, ends };
}

const json: Format = { kind: 'json' };

/**
 * Rows of records in JSON. Records mostly have the fields of the one before, in the same order and spacing: code made for such
 * a shape compares what stands between the values as bytes, and puts the values into columns. What it does not know, or what
 * may be wrong, is left to JSON.parse, whose word counts.
 */
export class JsonReader {
  readonly #columns: readonly Column[];
  readonly #used: readonly number[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #decoders: Decoder[] = [];
  readonly #any: Decoder;
  readonly #sources: string[] = [];
  #fruitless = 0;
  #waits = 0;

  /** `used`: the columns that are read; the others are NULL, whatever the records say of them. */
  constructor(columns: readonly Column[], used: ReadonlySet<number> = new Set(columns.keys())) {
    this.#columns = columns;
    this.#used = [...used].sort((left, right) => left - right);
    this.#places = new Map(this.#used.map((place) => [columns[place]?.name ?? '', place]));
    this.#sources.push(anyCode(this.#places, columns));
    this.#any = decoderOf(this.#sources[0] as string);
  }

  /** The generated source, by shape. */
  get code(): readonly string[] {
    return this.#sources;
  }

  read(values: readonly (Buffer | null)[]): Read {
    const { bytes, starts, ends } = laid(values);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // Serialisers of JSON Schema write the number of the schema before the text, behind a byte that no JSON begins with.
    for (let at = 0; at < starts.length; at += 1)
      if (bytes[starts[at] as number] === 0 && ends[at] !== starts[at]) starts[at] = (starts[at] as number) + 5;
    const cells = this.#columns.map(({ type }, place) => (this.#used.includes(place) ? cellsOf(type, bytes, values.length) : undefined));
    const records = new Uint32Array(values.length);
    const refused: Read['refused'][number][] = [];
    const decoders = this.#decoders;
    for (let at = 0; at < values.length; ) {
      const before = at;
      const less = refused.length;
      const decode = (decoder: Decoder, count: number) => {
        at = decoder(bytes, view, starts, ends, at, count, less, cells);
        // What was begun of a record that the decoder left is not part of it.
        if (at < count) for (const each of cells) each?.set(at - less, null);
      };
      for (let tried = 0; tried < decoders.length && at === before; tried += 1) {
        decode(decoders[tried] as Decoder, values.length);
        // Those that come next are more like this one than like those before it.
        if (at > before && tried > 0) decoders.unshift(...decoders.splice(tried, 1));
      }
      if (at === before) decode(this.#any, at + 1);
      if (at === before) {
        try {
          this.#general(values[at] ?? null, cells, at - less);
        } catch (error) {
          if (!isRefusal(error)) throw error;
          refused.push({ record: at, error });
        }
        at += 1;
      } else if (at === before + 1) this.#learn(bytes.subarray(starts[before], ends[before]));
      if (refused.length === less) for (let done = before; done < at; done += 1) records[done - less] = done;
    }
    const size = values.length - refused.length;
    const columns = this.#columns.map(({ type }, place) => cells[place]?.finish(size) ?? absent(type, size));
    return { batch: { size, columns, weights: undefined }, records: records.subarray(0, size), refused };
  }

  #general(value: Buffer | null, cells: readonly (Cells | undefined)[], row: number): void {
    const used = this.#used.map((place) => this.#columns[place] as Column);
    const [said] = readRecord(json, used, value, new Map());
    for (const [at, place] of this.#used.entries()) cells[place]?.set(row, said?.row[at] ?? null);
  }

  #learn(value: Buffer): void {
    if (this.#decoders.length >= shapesMax || this.#waits-- > 0) return;
    const shape = shapeOf(value, this.#places);
    const code = shape && shapeCode(shape, this.#columns);
    if (code === undefined || this.#sources.includes(code)) {
      // What goes this way all the time is not looked at each time.
      this.#fruitless += 1;
      this.#waits = this.#fruitless ** 2;
      return;
    }
    this.#sources.push(code);
    this.#decoders.unshift(decoderOf(code));
  }
}
