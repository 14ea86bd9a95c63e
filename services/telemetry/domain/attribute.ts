import type { AnyValue, KeyValue } from '#wire/otlp/signal.ts';
import { attributesMax, attributeTextMax, nameTextMax } from '../contract/limits.ts';

export type Attributes = Record<string, unknown>;

/** A text that a database can hold: no zero character, no half of a pair, cut to its length. */
export function plain(text: string, most: number): string {
  return text.slice(0, most).toWellFormed().replaceAll('\0', '�');
}

/** OTLP's attributes as JSON. */
export function attributesOf(given: readonly KeyValue[] = []): Attributes {
  return Object.fromEntries(given.slice(0, attributesMax).map(({ key = '', value }) => [plain(key, nameTextMax), valueOf(value)]));
}

function valueOf(value: AnyValue = {}): unknown {
  if (value.stringValue !== undefined) return plain(value.stringValue, attributeTextMax);
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) return Number.isSafeInteger(Number(value.intValue)) ? Number(value.intValue) : String(value.intValue);
  if (value.doubleValue !== undefined) return Number.isFinite(value.doubleValue) ? value.doubleValue : String(value.doubleValue);
  if (value.bytesValue !== undefined) return value.bytesValue.toString('base64').slice(0, attributeTextMax);
  if (value.arrayValue) return (value.arrayValue.values ?? []).slice(0, attributesMax).map(valueOf);
  return value.kvlistValue ? attributesOf(value.kvlistValue.values) : null;
}

/** The text of a log's body: a string as it is, anything else as JSON. */
export function textOf(value: AnyValue | undefined, most: number): string {
  if (value?.stringValue !== undefined) return plain(value.stringValue, most);
  const json = valueOf(value);
  return json === null ? '' : plain(typeof json === 'string' ? json : JSON.stringify(json), most);
}

/** The program's name. */
export function serviceOf(resource: Attributes): string {
  const name = resource['service.name'];
  return typeof name === 'string' && name !== '' ? plain(name, nameTextMax) : 'unknown_service';
}
