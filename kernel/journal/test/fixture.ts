import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalRecord, Mark } from '../frame.ts';
import { aesSeal } from '../seal.ts';
import { tail } from '../tail.ts';

export const key = randomBytes(32);
export const seal = aesSeal(1, () => key);

/** A directory that goes away with the scope. */
export async function temporaryRoot(): Promise<{ readonly dir: string; [Symbol.asyncDispose](): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'gamut-journal-'));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

/** Reads records until there are so many, and the position after them. */
export async function readRecords(
  dir: string,
  count: number,
  from?: Mark,
): Promise<{ records: JournalRecord[]; texts: string[]; next: Mark | undefined }> {
  const end = new AbortController();
  const records: JournalRecord[] = [];
  let next = from;
  for await (const batch of tail({ dir, process: 'echo', open: seal.open, from, signal: end.signal })) {
    records.push(...batch.records);
    next = batch.next;
    if (records.length >= count) end.abort();
  }
  return { records, texts: records.map((record) => Buffer.from(record.bytes).toString()), next };
}
