import { CsvReader, fieldMark } from '../domain/select/csv.ts';
import type { CsvInput, SelectJob } from '../domain/select/job.ts';
import { JsonReader } from '../domain/select/json.ts';
import { SelectRefusal } from '../domain/select/refusal.ts';
import type { SelectSource } from './select-input.ts';

/** The records of an input that are no Parquet: the names of their fields, when the input says them, and then lines for the engine. */
export type Records = { readonly names?: readonly string[]; readonly lines: AsyncGenerator<string[]> };

/** Begins to read the records of an input. */
export async function openRecords(job: SelectJob, source: SelectSource): Promise<Records> {
  if ('json' in job.input) return { lines: jsonLines(job, source) };
  if (!('csv' in job.input)) throw new SelectRefusal('InternalError', 'Parquet has no records to be read one after the other.');
  const form = job.input.csv;
  const lines = csvLines(job, form, source);
  if (form.header === 'NONE') return { lines };
  const fromHead = job.span && job.span.first > 0;
  const first = fromHead ? headerOf(form, source.head) : await firstOf(lines);
  const more = fromHead || !first ? [] : first.slice(1);
  const names = form.header === 'USE' ? { names: first?.[0]?.split(fieldMark) ?? [] } : {};
  return { ...names, lines: join(more, lines) };
}

async function firstOf(lines: AsyncGenerator<string[]>): Promise<string[] | undefined> {
  for (let next = await lines.next(); !next.done; next = await lines.next()) if (next.value.length > 0) return next.value;
  return undefined;
}

async function* join(first: string[], rest: AsyncGenerator<string[]>): AsyncGenerator<string[]> {
  if (first.length > 0) yield first;
  yield* rest;
}

function headerOf(form: CsvInput, head: Buffer): string[] {
  const reader = new CsvReader(form);
  const found = reader.push(textOf(new TextDecoder('utf-8'), head, false));
  return found.length > 0 ? found : reader.end();
}

async function* csvLines(job: SelectJob, form: CsvInput, source: SelectSource): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = new CsvReader(form);
  const bytes = job.span ? within(job, source.raw(), Buffer.from(form.recordDelimiter), source) : source.plain(job.compression);
  for await (const piece of bytes) {
    const found = reader.push(textOf(decoder, piece, true));
    if (found.length > 0) yield found;
  }
  const found = [...reader.push(textOf(decoder, Buffer.alloc(0), false)), ...reader.end()];
  if (found.length > 0) yield found;
}

function textOf(decoder: TextDecoder, bytes: Uint8Array, stream: boolean): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    throw new SelectRefusal('InvalidTextEncoding', 'Invalid encoding type. Only UTF-8 encoding is supported.');
  }
}

async function* jsonLines(job: SelectJob, source: SelectSource): AsyncGenerator<string[]> {
  const reader = new JsonReader();
  const bytes = job.span ? within(job, source.raw(), Buffer.from('\n'), source) : source.plain(job.compression);
  for await (const piece of bytes) {
    const found = reader.push(piece);
    if (found.length > 0) yield found;
  }
  const found = reader.end();
  if (found.length > 0) yield found;
}

/**
 * The bytes of the records that begin within a range. They come from the byte before the range on, so that a record that begins
 * with the range is known by the delimiter before it; the last record is taken whole.
 */
async function* within(
  { span }: SelectJob,
  bytes: AsyncGenerator<Buffer>,
  delimiter: Buffer,
  source: SelectSource,
): AsyncGenerator<Buffer> {
  const { first, last } = span!;
  let at = Math.max(first - delimiter.length, 0);
  let begun = first === 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of bytes) {
    let all = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    rest = Buffer.alloc(0);
    if (!begun) {
      const found = all.indexOf(delimiter);
      const skipped = found < 0 ? Math.max(all.length - delimiter.length + 1, 0) : found + delimiter.length;
      at += skipped;
      all = all.subarray(skipped);
      begun = found >= 0;
      // The first record of all that begins in the range may begin behind it: then there is none.
      if (begun && at > last) return;
      if (!begun) {
        rest = Buffer.from(all);
        continue;
      }
    }
    // The record that holds the last byte of the range ends with the first delimiter that ends behind that byte.
    const from = Math.max(last - delimiter.length + 1 - at, 0);
    const end = from < all.length ? all.indexOf(delimiter, from) : -1;
    if (end >= 0) {
      source.processed += end + delimiter.length;
      yield all.subarray(0, end + delimiter.length);
      return;
    }
    // A delimiter may lie on both sides of where the pieces meet.
    const kept = Math.max(all.length - delimiter.length + 1, 0);
    source.processed += kept;
    at += kept;
    yield all.subarray(0, kept);
    rest = Buffer.from(all.subarray(kept));
  }
  source.processed += rest.length;
  if (begun && rest.length > 0) yield rest;
}
