import { writeArray } from './array.ts';
import { Elements } from './elements.ts';
import { writeTimestamp } from './timestamp.ts';

/** A value to be sent as JSON, whatever its JavaScript type: needed for arrays, strings, numbers and null in a json column. */
export class Json {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Marks a value to be sent as JSON: `json([1, 2])` goes into a jsonb column, `[1, 2]` into an int[] column. */
export function json(value: unknown): Json {
  return new Json(value);
}

/**
 * The wire form of a parameter, by its JavaScript type alone: the server gives it the type that the statement needs.
 * bytes go as bytea, a Date as a timestamp, an array as an array literal, a plain object as JSON, undefined is refused.
 */
export function encodeParameter(value: unknown): string | Uint8Array | null {
  if (value === null) return null;
  switch (typeof value) {
    case 'string':
      return wellFormed(value);
    case 'number':
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? 't' : 'f';
    case 'object':
      return object(value);
    default:
      throw new TypeError(`a parameter cannot be ${typeof value}`);
  }
}

/** The same, but for an array whose form is chosen when the type of the parameter is known. */
export function boundParameter(value: unknown): string | Uint8Array | Elements | null {
  if (!Array.isArray(value) || value.some(Array.isArray)) return encodeParameter(value);
  return new Elements(value.map(encodeParameter));
}

function object(value: object): string | Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (value instanceof Date) return writeTimestamp(value);
  if (Array.isArray(value)) return writeArray(value, element);
  return wellFormed(JSON.stringify(value instanceof Json ? value.value : value) ?? 'null');
}

function element(value: unknown): string | null {
  const encoded = encodeParameter(value);
  return encoded instanceof Uint8Array ? `\\x${Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length).toString('hex')}` : encoded;
}

// A lone surrogate has no UTF-8 form: sent as is it would silently be stored as another character.
function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a text parameter has a lone surrogate');
  if (text.includes('\0')) throw new TypeError('a text parameter has a zero character, which PostgreSQL cannot store');
  return text;
}
