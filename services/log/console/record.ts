import { useEffect, useMemo, useState } from 'react';
import { type Api, useApi } from '#console/api/call.ts';
import { avroValue } from './avro.ts';
import { schemaHeadBytes as headBytes } from './limits.ts';

/** A record as Fetch gives it with its bytes in base64. */
export type Fetched = {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string | null>>;
};
/** One part of a record for people: its text, and the schema it was decoded by. */
export type Shown = { readonly text: string; readonly schema?: string };
export type ShownRecord = { readonly of: Fetched; readonly key: Shown; readonly value: Shown };

type Schema = { readonly spec: { readonly schemaType: string; readonly schema: string } };

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
/** What a serialiser with a registry writes before a value: a zero, and the schema's id. */
const schemaIdOf = (bytes: Uint8Array) =>
  bytes.length >= headBytes && bytes[0] === 0 ? new DataView(bytes.buffer, bytes.byteOffset).getInt32(1) : undefined;

function plain(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  }
}

function decoded(bytes: Uint8Array, id: number, { spec }: Schema): Shown {
  const schema = `${spec.schemaType === 'AVRO' ? 'Avro' : spec.schemaType === 'JSON' ? 'JSON Schema' : 'Protobuf'} ${id}`;
  const payload = bytes.subarray(headBytes);
  try {
    const text = spec.schemaType === 'AVRO' ? JSON.stringify(avroValue(JSON.parse(spec.schema), payload)) : plain(payload);
    return { text, schema };
  } catch (error) {
    return { text: plain(payload), schema: `not ${schema}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function shown(part: string | null, schemas: ReadonlyMap<number, Schema>): Shown {
  if (part === null) return { text: '' };
  const bytes = bytesOf(part);
  const id = schemaIdOf(bytes);
  const schema = id === undefined ? undefined : schemas.get(id);
  return id === undefined || !schema ? { text: plain(bytes) } : decoded(bytes, id, schema);
}

async function schemasOf(api: Api, ids: readonly number[]): Promise<[number, Schema][]> {
  const found = await Promise.all(
    ids.map(async (id): Promise<[number, Schema] | undefined> => {
      try {
        return [id, await api.call<Schema>('log', 'GetSchema', String(id), {})];
      } catch {
        // Bytes that only look as if they had a schema before them are shown as they are.
        return undefined;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}

/** Records with keys and values decoded by the schemas that they name. */
export function useShown(records: readonly Fetched[] | undefined): readonly ShownRecord[] | undefined {
  const api = useApi();
  const [schemas, setSchemas] = useState<ReadonlyMap<number, Schema>>(new Map());
  const ids = useMemo(() => {
    const parts = (records ?? []).flatMap(({ key, value }) => [key, value]).filter((part) => part !== null);
    return [...new Set(parts.map((part) => schemaIdOf(bytesOf(part))))].filter((id) => id !== undefined).sort((a, b) => a - b);
  }, [records]);
  const wanted = ids.join();
  useEffect(() => {
    let over = false;
    if (wanted !== '')
      void schemasOf(api, wanted.split(',').map(Number)).then((found) => {
        if (!over) setSchemas(new Map(found));
      });
    return () => {
      over = true;
    };
  }, [api, wanted]);
  return useMemo(() => records?.map((of) => ({ of, key: shown(of.key, schemas), value: shown(of.value, schemas) })), [records, schemas]);
}
