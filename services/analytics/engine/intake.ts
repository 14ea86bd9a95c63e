import type { Format } from '../domain/format.ts';
import { isRefusal, readRecord, type Schemas } from '../domain/record.ts';
import type { Column } from '../domain/value.ts';
import { BatchBuilder } from './batch.ts';
import { JsonReader, type Read } from './json.ts';

/** Makes rows of the records of a source. */
export class Intake {
  readonly #format: Format;
  readonly #columns: readonly Column[];
  readonly #json: JsonReader | undefined;

  /** `used`: the columns that are read; what records say of the others is not looked at where the format allows that. */
  constructor(format: Format, columns: readonly Column[], used?: ReadonlySet<number>) {
    this.#format = format;
    this.#columns = columns;
    this.#json = format.kind === 'json' && format.envelope === undefined ? new JsonReader(columns, used) : undefined;
  }

  read(values: readonly (Buffer | null)[], schemas: Schemas): Read {
    if (this.#json) return this.#json.read(values);
    const builder = new BatchBuilder(this.#columns);
    const [records, refused]: [number[], Read['refused'][number][]] = [[], []];
    for (const [record, value] of values.entries())
      try {
        for (const { row, weight } of readRecord(this.#format, this.#columns, value, schemas)) {
          builder.add(row, weight);
          records.push(record);
        }
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.push({ record, error });
      }
    return { batch: builder.finish(), records: Uint32Array.from(records), refused };
  }
}
