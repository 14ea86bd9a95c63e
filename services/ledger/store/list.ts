import type { Placed } from '#kernel/contract/provider.ts';
import type { Envelope, Listed, Page } from '#kernel/contract/provider.ts';
import { type Account, readAccount, readTransfer, type Transfer, writeQueryFilter } from '#wire/tigerbeetle/record.ts';
import { writeU128 } from '#wire/tigerbeetle/header.ts';
import { accountSpec, balancesOf, parseNumber, transferSpec } from '../domain/row.ts';
import type { Book } from './book.ts';
import { operationOf } from './handler/ask.ts';

type At = Placed & { readonly principal?: string; readonly credential?: bigint };
type AccountEnvelope = Envelope<ReturnType<typeof accountSpec>, ReturnType<typeof balancesOf> & { timestamp: string }>;
type TransferEnvelope = Envelope<ReturnType<typeof transferSpec>, { timestamp: string }>;

const whoOf = ({ tenant, scope }: At) => ({ tenant, scope, credential: 0n, principal: '' });

const enveloped = (id: bigint, timestamp: bigint, version: string) => ({
  uid: `${id}`,
  name: `${id}`,
  generation: 1,
  version,
  labels: {},
  createdAt: Number(timestamp / 1_000_000n),
});

/** An account's version is what its balances have come to. */
function accountEnvelope(row: Account): AccountEnvelope {
  const moved = row.debitsPending + row.debitsPosted + row.creditsPending + row.creditsPosted;
  return {
    ...enveloped(row.id, row.timestamp, `${row.timestamp}-${moved}-${row.flags}`),
    spec: accountSpec(row),
    status: { ...balancesOf(row), timestamp: `${row.timestamp}` },
  };
}

function transferEnvelope(row: Transfer): TransferEnvelope {
  return { ...enveloped(row.id, row.timestamp, `${row.timestamp}`), spec: transferSpec(row), status: { timestamp: `${row.timestamp}` } };
}

async function found<T>(book: Book, at: At, verb: 'lookupAccounts' | 'lookupTransfers', name: string, read: (bytes: Buffer) => T) {
  const id = parseNumber(name, 128);
  if (id === undefined) return undefined;
  const body = Buffer.alloc(16);
  writeU128(body, id, 0);
  const bytes = await book.look(whoOf(at), operationOf(verb), body);
  return bytes.length === 0 ? undefined : read(bytes);
}

export async function oneAccount(book: Book, at: At, name: string): Promise<AccountEnvelope | undefined> {
  const row = await found(book, at, 'lookupAccounts', name, readAccount);
  return row && accountEnvelope(row);
}

export async function oneTransfer(book: Book, at: At, name: string): Promise<TransferEnvelope | undefined> {
  const row = await found(book, at, 'lookupTransfers', name, readTransfer);
  return row && transferEnvelope(row);
}

type Verb = 'queryAccounts' | 'queryTransfers';

/** A page in the order of making; `after` names the last thing of the page before. */
async function page<T extends { timestamp: bigint; id: bigint }>(
  book: Book,
  at: At,
  asked: Page,
  verb: Verb,
  after: T | undefined,
  read: (bytes: Buffer, at: number) => T,
): Promise<T[]> {
  const rows: T[] = [];
  let from = after === undefined ? 0n : after.timestamp + 1n;
  const none = { userData128: 0n, userData64: 0n, userData32: 0, ledger: 0, code: 0, timestampMax: 0n, flags: 0 };
  while (rows.length <= asked.limit) {
    const limit = asked.limit + 1;
    const bytes = await book.look(whoOf(at), operationOf(verb), writeQueryFilter({ ...none, timestampMin: from, limit }));
    for (let start = 0; start < bytes.length && rows.length <= asked.limit; start += 128) {
      const row = read(bytes, start);
      from = row.timestamp + 1n;
      if (asked.prefix === undefined || `${row.id}`.startsWith(asked.prefix)) rows.push(row);
    }
    if (bytes.length < limit * 128) break;
  }
  return rows;
}

function listed<T, E extends { readonly name: string }>(rows: readonly T[], limit: number, wrap: (row: T) => E, version: string) {
  const items = rows.slice(0, limit).map(wrap);
  const last = items.at(-1);
  return { items, version, ...(rows.length > limit && last ? { next: last.name } : {}) };
}

export async function listAccounts(book: Book, at: At, asked: Page): Promise<Listed & { items: AccountEnvelope[] }> {
  const after = asked.after === undefined ? undefined : await found(book, at, 'lookupAccounts', asked.after, readAccount);
  const rows = await page(book, at, asked, 'queryAccounts', after, readAccount);
  return listed(rows, asked.limit, accountEnvelope, `${book.ledger(at.tenant, at.scope).op}`);
}

export async function listTransfers(book: Book, at: At, asked: Page): Promise<Listed & { items: TransferEnvelope[] }> {
  const after = asked.after === undefined ? undefined : await found(book, at, 'lookupTransfers', asked.after, readTransfer);
  const rows = await page(book, at, asked, 'queryTransfers', after, readTransfer);
  return listed(rows, asked.limit, transferEnvelope, `${book.ledger(at.tenant, at.scope).op}`);
}
