import { fault } from '#kernel/contract/fault.ts';
import { parseJson } from '#kernel/listen/json.ts';
import { readCsv } from './csv.ts';

export type RecordIn = { key?: string | null; value: string | null; partition?: number; headers?: Record<string, string> };
export type Encoding = 'text' | 'base64';
export type Written = { readonly records: RecordIn[]; readonly encoding: Encoding };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value);

/** The records of a body, by its media type. `key` names the field that becomes the key. */
export function recordsOf(type: string, bytes: Buffer, key: string | undefined): Written {
  if (/^application\/vnd\.kafka\.binary\.v2\+json$/.test(type)) return { records: listed(parseJson(bytes), 'base64'), encoding: 'base64' };
  if (/^application\/(vnd\.kafka\.json\.v2\+json|vnd\.kafka\.v2\+json|json)$/.test(type))
    return { records: listed(parseJson(bytes), 'text'), encoding: 'text' };
  if (/^application\/(x-)?ndjson$|^application\/jsonl$/.test(type)) return { records: lines(bytes, key), encoding: 'text' };
  if (type === 'text/csv') return { records: rows(bytes, key), encoding: 'text' };
  throw fault('UnsupportedMedia', 'Records come as application/vnd.kafka.json.v2+json, application/x-ndjson or text/csv.');
}

/** The body of Confluent's REST proxy: `{records: [{key, value, partition}]}`; a value is any JSON, or base64. */
function listed(body: unknown, encoding: Encoding): RecordIn[] {
  const list = isObject(body) ? body.records : undefined;
  if (!Array.isArray(list) || list.length === 0) throw fault('BadInput', { path: '/records', detail: 'The body has no list of records.' });
  return list.map((entry: unknown, at) => {
    if (!isObject(entry) || !('value' in entry)) throw fault('BadInput', { path: `/records/${at}`, detail: 'A record has a value.' });
    const { key, value, partition, headers } = entry;
    // In JSON a value that is a string is that string with its quotes, so that who reads can parse it.
    const told = (one: unknown) => (encoding === 'text' && typeof one === 'string' ? JSON.stringify(one) : textOf(one));
    return {
      value: told(value),
      ...(key === undefined ? {} : { key: textOf(key) }),
      ...(partition === undefined || partition === null ? {} : { partition: partition as number }),
      ...(isObject(headers) ? { headers: headers as Record<string, string> } : {}),
    };
  });
}

function lines(bytes: Buffer, key: string | undefined): RecordIn[] {
  const records: RecordIn[] = [];
  bytes
    .toString('utf8')
    .split('\n')
    .forEach((line, at) => {
      const text = line.trim();
      if (text === '') return;
      let value: unknown;
      try {
        value = parseJson(text);
      } catch {
        throw fault('BadInput', `Line ${at + 1} is not JSON.`);
      }
      records.push({ value: text, ...(key === undefined || !isObject(value) ? {} : { key: textOf(value[key]) }) });
    });
  return records;
}

/** The first row names the fields; every other row is a record in JSON. */
function rows(bytes: Buffer, key: string | undefined): RecordIn[] {
  const [head = [], ...rest] = readCsv(bytes.toString('utf8'));
  if (key !== undefined && !head.includes(key)) throw fault('BadInput', `The CSV has no column ${key}.`);
  return rest.map((row, at) => {
    if (row.length !== head.length) throw fault('BadInput', `Row ${at + 2} has ${row.length} fields, and the first ${head.length}.`);
    const value = Object.fromEntries(head.map((name, index) => [name, row[index] ?? '']));
    return { value: JSON.stringify(value), ...(key === undefined ? {} : { key: value[key] ?? '' }) };
  });
}
