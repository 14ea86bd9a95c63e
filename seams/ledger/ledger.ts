import { writeU128 } from '#wire/tigerbeetle/header.ts';
import {
  type Account,
  type AccountFilter,
  type Balance,
  filterFlag,
  type QueryFilter,
  readAccount,
  readBalance,
  readTransfer,
  type Transfer,
  writeAccount,
  writeAccountFilter,
  writeQueryFilter,
  writeTransfer,
} from '#wire/tigerbeetle/record.ts';
import { accountStatusName, transferStatusName } from '#wire/tigerbeetle/status.ts';
import { parseAddress } from './address.ts';
import { type Patience, Queue } from './queue.ts';

/** What became of one event: `created`, `exists` when the same was made before, or why not. The timestamp is the ledger's. */
export type Outcome = { readonly status: string; readonly timestamp: bigint };

/** Fields that are left out are zero. */
type NewAccount = Partial<Account> & Pick<Account, 'id' | 'ledger' | 'code'>;
export type NewTransfer = Partial<Transfer> & Pick<Transfer, 'id'>;

const user = { userData128: 0n, userData64: 0n, userData32: 0, code: 0, flags: 0, timestamp: 0n };
const noBalances = { debitsPending: 0n, debitsPosted: 0n, creditsPending: 0n, creditsPosted: 0n };
const noTransfer = { debitAccountId: 0n, creditAccountId: 0n, amount: 0n, pendingId: 0n, timeout: 0, ledger: 0 };
const range = { timestampMin: 0n, timestampMax: 0n, limit: 100 };

/**
 * A ledger by its address: Gamut's own or a TigerBeetle cluster, by the protocol that both speak. Calls made at the same time
 * travel in one request. Throws LedgerUnavailable and LedgerRefused; what the ledger says of an event is its `Outcome`.
 */
export class Ledger implements Disposable {
  readonly #queue: Queue;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  async createAccounts(accounts: readonly NewAccount[], patience?: Patience): Promise<Outcome[]> {
    const events = accounts.map((each) => writeAccount({ ...user, ...noBalances, reserved: 0, ...each }));
    return outcomesOf(await this.#queue.ask('createAccounts', Buffer.concat(events), patience), accountStatusName);
  }

  async createTransfers(transfers: readonly NewTransfer[], patience?: Patience): Promise<Outcome[]> {
    const events = transfers.map((each) => writeTransfer({ ...user, ...noTransfer, ...each }));
    return outcomesOf(await this.#queue.ask('createTransfers', Buffer.concat(events), patience), transferStatusName);
  }

  /** Accounts by their ids, in that order; those that are not there are left out. */
  async lookupAccounts(ids: readonly bigint[], patience?: Patience): Promise<Account[]> {
    return rowsOf(await this.#queue.ask('lookupAccounts', idsOf(ids), patience), readAccount);
  }

  async lookupTransfers(ids: readonly bigint[], patience?: Patience): Promise<Transfer[]> {
    return rowsOf(await this.#queue.ask('lookupTransfers', idsOf(ids), patience), readTransfer);
  }

  /** The transfers of an account in order; both sides and 100 rows unless the filter says. */
  async accountTransfers(filter: Partial<AccountFilter> & Pick<AccountFilter, 'accountId'>, patience?: Patience): Promise<Transfer[]> {
    return rowsOf(await this.#queue.ask('getAccountTransfers', accountFilter(filter), patience), readTransfer);
  }

  /** The balances of an account that keeps its history, after each of its transfers. */
  async accountBalances(filter: Partial<AccountFilter> & Pick<AccountFilter, 'accountId'>, patience?: Patience): Promise<Balance[]> {
    return rowsOf(await this.#queue.ask('getAccountBalances', accountFilter(filter), patience), readBalance);
  }

  async queryAccounts(filter: Partial<QueryFilter>, patience?: Patience): Promise<Account[]> {
    const events = writeQueryFilter({ ...user, ...range, ledger: 0, ...filter });
    return rowsOf(await this.#queue.ask('queryAccounts', events, patience), readAccount);
  }

  async queryTransfers(filter: Partial<QueryFilter>, patience?: Patience): Promise<Transfer[]> {
    const events = writeQueryFilter({ ...user, ...range, ledger: 0, ...filter });
    return rowsOf(await this.#queue.ask('queryTransfers', events, patience), readTransfer);
  }

  /** Ends the connections; calls that wait are told that the client is closed. */
  close(): void {
    this.#queue.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens the ledger at `tigerbeetle://CLUSTER@host:port,host:port`. It connects by itself, and again whenever it must. */
export function openLedger(url: string): Ledger {
  return new Ledger(new Queue(parseAddress(url)));
}

const accountFilter = (filter: Partial<AccountFilter> & Pick<AccountFilter, 'accountId'>) =>
  writeAccountFilter({ ...user, ...range, ...filter, flags: filter.flags ?? filterFlag.debits | filterFlag.credits });

function idsOf(ids: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(ids.length * 16);
  ids.forEach((id, index) => writeU128(bytes, id, index * 16));
  return bytes;
}

function outcomesOf(results: Buffer, nameOf: (status: number) => string): Outcome[] {
  return Array.from({ length: results.length / 16 }, (_, index) => ({
    timestamp: results.readBigUInt64LE(index * 16),
    status: nameOf(results.readUInt32LE(index * 16 + 8)),
  }));
}

function rowsOf<T>(results: Buffer, read: (bytes: Buffer, at: number) => T): T[] {
  return Array.from({ length: results.length / 128 }, (_, index) => read(results, index * 128));
}
