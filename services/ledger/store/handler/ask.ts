import type { Caller } from '#kernel/contract/caller.ts';
import { fault } from '#kernel/contract/fault.ts';
import { type Operation, operations, type Verb } from '#wire/tigerbeetle/operation.ts';
import { writeU128 } from '#wire/tigerbeetle/header.ts';
import { type Numbers, numbersOr, parseNumber } from '../../domain/row.ts';
import type { Book } from '../book.ts';
import type { Who } from '../session.ts';

/** The form without trailers, which REST's batches take. */
const plain = new Map<Verb, Operation>([...operations.values()].filter((each) => !each.batched).map((each) => [each.verb, each]));

/** Today's results of a creation, with a timestamp each. */
const dense = new Map<Verb, Operation>([...operations.values()].filter((each) => !each.sparse).map((each) => [each.verb, each]));

export const whoOf = ({ tenant, scope, credential, principal }: Caller): Who => ({ tenant, scope, credential, principal });

export const operationOf = (verb: Verb): Operation => {
  const operation = verb.startsWith('create') ? dense.get(verb) : plain.get(verb);
  if (!operation) throw new TypeError(`no operation for ${verb}`);
  return operation;
};

/** Asks the book and hands on the rows of its answer. */
export async function rowsOf<T>(
  book: Book,
  caller: Caller,
  verb: Verb,
  body: Buffer,
  read: (bytes: Buffer, at: number) => T,
): Promise<T[]> {
  const operation = operationOf(verb);
  const bytes = await book.look(whoOf(caller), operation, body);
  const rows: T[] = [];
  for (let at = 0; at < bytes.length; at += operation.resultBytes) rows.push(read(bytes, at));
  return rows;
}

export const numbers: Numbers = numbersOr((path) => {
  throw fault('BadInput', { path, detail: 'The number has more bits than it may.' });
});

/** Ids as the body of a look-up. */
export function idsBody(ids: readonly string[]): Buffer {
  const body = Buffer.alloc(ids.length * 16);
  ids.forEach((id, index) => writeU128(body, numbers(id, 128, `/ids/${index}`), index * 16));
  return body;
}

/** The id in an address; a name that is no number names nothing. */
export function idOf(name: string): bigint {
  const id = parseNumber(name, 128);
  if (id === undefined) throw fault('NotFound', `${JSON.stringify(name)} is not the id of an account or a transfer.`);
  return id;
}
