import type { Caller } from '#kernel/contract/caller.ts';
import { trailerBytes, writeTrailer } from '#wire/tigerbeetle/multi-batch.ts';
import type { Book } from '../book.ts';
import { operationOf, whoOf } from './ask.ts';

/** Makes the events of one batch; answers each one's result by name, with its timestamp. */
export async function createAll(
  book: Book,
  caller: Caller,
  verb: 'createAccounts' | 'createTransfers',
  events: readonly Buffer[],
  nameOf: (status: number) => string,
): Promise<{ status: string; timestamp: string }[]> {
  const operation = operationOf(verb);
  const payload = events.length * operation.eventBytes;
  const body = Buffer.concat([...events, Buffer.alloc(trailerBytes(operation.eventBytes, 1))]);
  writeTrailer(body, payload, operation.eventBytes, [events.length]);
  const bytes = await book.change(whoOf(caller), operation, body);
  return events.map((_, index) => ({
    status: nameOf(bytes.readUInt32LE(index * operation.resultBytes + 8)),
    timestamp: `${bytes.readBigUInt64LE(index * operation.resultBytes)}`,
  }));
}
