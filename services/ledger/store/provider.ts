import { setTimeout as pause } from 'node:timers/promises';
import { fault } from '#kernel/contract/fault.ts';
import type { Change, Placed, Provider } from '#kernel/contract/provider.ts';
import { readBig, writeBig } from '../engine/amount.ts';
import { column } from '../engine/column.ts';
import { parseNumber } from '../domain/row.ts';
import type { Book } from './book.ts';
import { watchEveryMs } from './limits.ts';
import { listAccounts, listTransfers, oneAccount, oneTransfer } from './list.ts';

const words = new Int32Array(4);

/** What policy may look at of a row: its ledger and code, and of transfers their accounts. */
function attributesOf(book: Book, scope: bigint, name: string, kind: 'account' | 'transfer') {
  const id = parseNumber(name, 128);
  const ledger = book.ledgers.get(scope);
  if (id === undefined || !ledger) return undefined;
  const { state } = ledger;
  writeBig(words, 0, id);
  const [rows, index] = kind === 'account' ? [state.accounts, state.accountIndex] : [state.transfers, state.transferIndex];
  const row = index.find(words, 0);
  if (row < 0) return undefined;
  const chunk = rows.chunk(row);
  const base = rows.base(row);
  const shared = { ledger: chunk[base + column.ledger]! >>> 0, code: chunk[base + column.code]! & 0xffff };
  if (kind === 'account') return shared;
  const side = (at: number) => `${readBig(chunk, base + at)}`;
  return { ...shared, debitAccountId: side(column.debitAccount), creditAccountId: side(column.creditAccount) };
}

/** New rows of a kind, as they come to be on disk. */
async function* watchRows(
  list: (after: string | undefined) => Promise<{ items: readonly { name: string }[]; version: string }>,
  from: string,
  signal: AbortSignal,
): AsyncIterable<Change> {
  let after = from === '' ? undefined : from;
  while (!signal.aborted) {
    const { items, version } = await list(after);
    for (const resource of items) yield { type: 'put', version: resource.name, resource } as Change;
    after = items.at(-1)?.name ?? after;
    if (items.length > 0) continue;
    yield { type: 'bookmark', version: after ?? version };
    await pause(watchEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

const forGood = () => fault('Conflict', 'What is in the ledger stays as it is; it is made by CreateAccounts and CreateTransfers.');

/** Accounts as resources of the platform. They are made in batches and never deleted. */
export function accountProvider(book: Book): Provider {
  return {
    attributes: (scope, name) => attributesOf(book, scope, name, 'account'),
    get: (at, name) => oneAccount(book, at, name),
    list: (at, page) => listAccounts(book, at, page),
    put: () => Promise.reject(forGood()),
    delete: () => Promise.reject(forGood()),
    watch: (at: Placed, from, signal) => watchRows((after) => listAccounts(book, at, pageAfter(after)), from, signal),
  };
}

export function transferProvider(book: Book): Provider {
  return {
    attributes: (scope, name) => attributesOf(book, scope, name, 'transfer'),
    get: (at, name) => oneTransfer(book, at, name),
    list: (at, page) => listTransfers(book, at, page),
    put: () => Promise.reject(forGood()),
    delete: () => Promise.reject(forGood()),
    watch: (at: Placed, from, signal) => watchRows((after) => listTransfers(book, at, pageAfter(after)), from, signal),
  };
}

const pageAfter = (after: string | undefined) => ({ limit: 100, ...(after === undefined ? {} : { after }) });
