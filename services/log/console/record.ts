import { useEffect, useMemo, useState } from 'react';
import { type Api, useApi } from '#console/api/call.ts';
import { schemaHeadBytes as headBytes } from './limits.ts';
import { type Reader, readerOf, text } from './reader.ts';

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

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
/** What a serialiser with a registry writes before a value: a zero, and the schema's id. */
const schemaIdOf = (bytes: Uint8Array) =>
  bytes.length >= headBytes && bytes[0] === 0 ? new DataView(bytes.buffer, bytes.byteOffset).getInt32(1) : undefined;

function decoded(bytes: Uint8Array, { name, read }: Reader): Shown {
  const payload = bytes.subarray(headBytes);
  try {
    return { text: read(payload), schema: name };
  } catch (error) {
    return { text: text(payload), schema: `not ${name}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function shown(part: string | null, readers: ReadonlyMap<number, Reader>): Shown {
  if (part === null) return { text: '' };
  const bytes = bytesOf(part);
  const reader = readers.get(schemaIdOf(bytes) ?? 0);
  return reader ? decoded(bytes, reader) : { text: text(bytes) };
}

async function readersOf(api: Api, ids: readonly number[]): Promise<[number, Reader][]> {
  const found = await Promise.all(
    ids.map(async (id): Promise<[number, Reader] | undefined> => {
      try {
        return [id, await readerOf(api, id)];
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
  const [readers, setReaders] = useState<ReadonlyMap<number, Reader>>(new Map());
  const ids = useMemo(() => {
    const parts = (records ?? []).flatMap(({ key, value }) => [key, value]).filter((part) => part !== null);
    return [...new Set(parts.map((part) => schemaIdOf(bytesOf(part))))].filter((id) => id !== undefined).sort((a, b) => a - b);
  }, [records]);
  const wanted = ids.join();
  useEffect(() => {
    let over = false;
    if (wanted !== '')
      void readersOf(api, wanted.split(',').map(Number)).then((found) => {
        if (!over) setReaders(new Map(found));
      });
    return () => {
      over = true;
    };
  }, [api, wanted]);
  return useMemo(() => records?.map((of) => ({ of, key: shown(of.key, readers), value: shown(of.value, readers) })), [records, readers]);
}
