import { writeArray } from './array.ts';
import { elementOf, oids } from './oid.ts';
import type { Writer } from './writer.ts';

type Value = string | Uint8Array | null;

/** Types of elements whose binary form is the bytes of their text; that of `jsonb` has its version before it. */
const texts: ReadonlySet<number> = new Set([oids.text, oids.varchar, oids.bpchar, oids.json, oids.jsonb]);
const jsonbVersion = 1;

/** An array in its binary form, as it goes into a Bind. */
export class BinaryArray {
  readonly #values: readonly Value[];
  readonly #element: number;

  constructor(values: readonly Value[], element: number) {
    this.#values = values;
    this.#element = element;
  }

  /** Writes it with its 32-bit length before it. */
  write(w: Writer): void {
    const count = this.#values.length;
    const begun = w.openValue();
    w.int32(count > 0 ? 1 : 0)
      .int32(this.#values.includes(null) ? 1 : 0)
      .int32(this.#element);
    if (count > 0) w.int32(count).int32(1);
    for (const value of this.#values) {
      if (value === null || this.#element !== oids.jsonb) w.value(value);
      else {
        const element = w.openValue();
        w.byte(jsonbVersion)
          .text(value as string)
          .closeValue(element);
      }
    }
    w.closeValue(begun);
  }
}

/** The elements of an array that is to be sent, whose form depends on the type that the server has for it. */
export class Elements {
  readonly #values: readonly Value[];

  constructor(values: readonly Value[]) {
    this.#values = values;
  }

  /** Its form as a parameter of an array type. Texts, JSON and bytes go in binary, without quotes and hexadecimal digits. */
  of(type: number | undefined): string | BinaryArray {
    const element = elementOf.get(type ?? 0) ?? 0;
    const isBytes = element === oids.bytea;
    const isBinary = isBytes || texts.has(element);
    const fits = isBinary && this.#values.every((value) => value === null || (typeof value !== 'string') === isBytes);
    return fits ? new BinaryArray(this.#values, element) : writeArray(this.#values, literal);
  }
}

function literal(value: unknown): string | null {
  if (!(value instanceof Uint8Array)) return value as string | null;
  return `\\x${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}`;
}
