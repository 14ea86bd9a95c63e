import type { Placed } from '#kernel/contract/provider.ts';
import { type Kept, subjectHandlers, type SubjectItem } from '#kernel/privacy/subject.ts';
import { readAccount, readTransfer, writeQueryFilter } from '#wire/tigerbeetle/record.ts';
import { accountRow, parseNumber, transferRow } from '../../domain/row.ts';
import { pageMax } from '../../contract/limits.ts';
import type { Book } from '../book.ts';
import { operationOf } from './ask.ts';

/** The number that stands for a subject in `userData128`: the subject itself, in decimal or as a UUID. */
function numberOf(subject: string): bigint | undefined {
  const hex = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(subject) ? BigInt(`0x${subject.replaceAll('-', '')}`) : undefined;
  const number = hex ?? parseNumber(subject, 128);
  return number === 0n ? undefined : number;
}

type Row = { readonly id: bigint; readonly timestamp: bigint };

/** The rows whose `userData128` is a number, oldest first. */
async function* rowsAbout<T extends Row>(
  book: Book,
  { tenant, scope }: Placed,
  verb: 'queryAccounts' | 'queryTransfers',
  userData128: bigint,
  read: (bytes: Buffer, at: number) => T,
): AsyncGenerator<T> {
  const operation = operationOf(verb);
  const filter = { userData128, userData64: 0n, userData32: 0, ledger: 0, code: 0, timestampMax: 0n, flags: 0, limit: pageMax };
  for (let timestampMin = 0n; ; ) {
    const who = { tenant, scope, credential: 0n, principal: '' };
    const bytes = await book.look(who, operation, writeQueryFilter({ ...filter, timestampMin }));
    for (let at = 0; at < bytes.length; at += operation.resultBytes) {
      const row = read(bytes, at);
      timestampMin = row.timestamp + 1n;
      yield row;
    }
    if (bytes.length < pageMax * operation.resultBytes) return;
  }
}

async function* find(book: Book, at: Placed, subject: string): AsyncGenerator<SubjectItem> {
  for (const { client, release, last } of book.sessions.of(at, subject))
    yield { kind: 'Session', name: `${client}`, data: { release, requests: last.number, lastAt: Number(last.timestamp / 1_000_000n) } };
  const number = numberOf(subject);
  if (number === undefined) return;
  for await (const row of rowsAbout(book, at, 'queryAccounts', number, readAccount))
    yield { kind: 'Account', name: `${row.id}`, data: accountRow(row) };
  for await (const row of rowsAbout(book, at, 'queryTransfers', number, readTransfer))
    yield { kind: 'Transfer', name: `${row.id}`, data: transferRow(row) };
}

const reason = 'The law on accounts keeps what was posted; the number in userData128 names nobody without what you keep elsewhere.';

/** Said where the other process of the ledger, or what is left of one, may have a log of before. */
const elsewhere: Kept = {
  kind: 'Log',
  name: 'the other process of the ledger',
  reason: 'It is away, or at it: its files go when it is back, before it counts. If it is not to come back, delete its directory.',
};

async function kept(book: Book, at: Placed, subject: string): Promise<Kept[]> {
  const counts = new Map<string, number>();
  for await (const { kind } of find(book, at, subject)) if (kind !== 'Session') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => ({ kind, name: `${count} with userData128 ${numberOf(subject)}`, reason }));
}

/** Export and erasure of what names a person: the sessions and the log of a principal, and rows whose user data stands for them. */
export const subjects = (book: Book) =>
  subjectHandlers('ledger', {
    find: (at, subject) => find(book, at, subject),
    async erase(at, subject) {
      const forgotten = await book.forget(at, subject);
      const rows = await kept(book, at, subject);
      return { erased: forgotten.ended, kept: forgotten.elsewhere ? [...rows, elsewhere] : rows };
    },
  });
