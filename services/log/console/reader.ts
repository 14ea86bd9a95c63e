import type { Api } from '#console/api/call.ts';
import { avroReader } from './avro.ts';
import { referencesMax } from './limits.ts';
import { protoReader } from './protobuf.ts';

/** What makes bytes behind a schema's id a text; `name` says which schema that is. */
export type Reader = { readonly name: string; readonly read: (payload: Uint8Array) => string };

type Reference = { readonly name: string; readonly subject: string; readonly version: number };
type Text = { readonly schemaType: string; readonly schema: string; readonly references: readonly Reference[] };

const words: Readonly<Record<string, string>> = { AVRO: 'Avro', JSON: 'JSON Schema', PROTOBUF: 'Protobuf' };

/** The reader of a schema that is asked for by its id, together with those that it names. */
export async function readerOf(api: Api, id: number): Promise<Reader> {
  const { spec } = await api.call<{ readonly spec: Text }>('log', 'GetSchema', String(id), {});
  const name = `${words[spec.schemaType] ?? spec.schemaType} ${id}`;
  const named = await referred(api, spec.references);
  return { name, read: reading(spec, named) };
}

function reading({ schemaType, schema }: Text, named: ReadonlyMap<string, string>): Reader['read'] {
  if (schemaType === 'JSON') return text;
  const read = schemaType === 'AVRO' ? avroReader(schema, [...named.values()]) : protoReader(schema, named);
  return (payload) => JSON.stringify(read(payload), plainly);
}

/** The texts of the schemas that one names, those that they name before them. */
async function referred(api: Api, references: readonly Reference[], known = new Map<string, string>()): Promise<Map<string, string>> {
  for (const { name, subject, version } of references) {
    if (known.has(name)) continue;
    if (known.size === referencesMax) throw new RangeError('the schema names more others than are read');
    known.set(name, '');
    const input = { version: version === -1 ? 'latest' : String(version), deleted: true };
    const found = await api.call<Text>('log', 'GetSubjectVersion', subject, input);
    await referred(api, found.references, known);
    known.delete(name);
    known.set(name, found.schema);
  }
  return known;
}

const hex = (bytes: Uint8Array) => `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;

/** Large numbers as texts, so that no digit is lost, and bytes in hex. */
function plainly(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value instanceof Uint8Array ? hex(value) : value;
}

/** Bytes as a text where they are UTF-8, and in hex where not. */
export function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  }
}
