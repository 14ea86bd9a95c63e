import type { Account, AccountFilter, Client, QueryFilter, Transfer } from 'tigerbeetle-node';
import type * as wire from '#wire/tigerbeetle/record.ts';
import { Timeline } from './timeline.ts';

/** The greatest id and its neighbours mean something to a ledger, and stay what they are. */
const special = 1n << 127n;
/** More than the generator makes. */
const idsApart = 1n << 32n;
const snake = (name: string) => name.replace(/[A-Z]|\d+/g, (found) => `_${found.toLowerCase()}`);
const ids = new Set(['id', 'debitAccountId', 'creditAccountId', 'pendingId', 'accountId']);
const times = new Set(['timestamp', 'timestampMin', 'timestampMax']);
/** Short timeouts would end at another moment on each server; those that are meant to end are made by `expiring`. */
const [shortTimeout, longerBy] = [10, 100_000];

/** A question with the generator's ids, times and names. */
export type Question =
  | {
      readonly ask: 'createAccounts' | 'createTransfers';
      readonly events: readonly (wire.Account | wire.Transfer)[];
      readonly exact?: boolean;
    }
  | { readonly ask: 'lookupAccounts' | 'lookupTransfers'; readonly ids: readonly bigint[] }
  | { readonly ask: 'getAccountTransfers' | 'getAccountBalances'; readonly filter: wire.AccountFilter }
  | { readonly ask: 'queryAccounts' | 'queryTransfers'; readonly filter: wire.QueryFilter };

/** What a server answered, with times as numbers of events and ids as the generator's: to be equal on both servers. */
export type Answer = readonly Record<string, unknown>[];

/** One of the two servers, asked by the unmodified client. */
export class Side {
  readonly name: string;
  readonly #client: Client;
  #base: bigint;
  readonly #since: boolean;
  readonly timeline = new Timeline();

  /** `base` is added to every id, and `since` leaves out what was there before the run. */
  constructor(name: string, client: Client, { base, since }: { base: bigint; since: boolean }) {
    this.name = name;
    this.#client = client;
    this.#base = base;
    this.#since = since;
  }

  /** From here on the generator's ids stand for others. */
  moveOn(): void {
    this.#base += idsApart;
  }

  async ask(question: Question): Promise<Answer> {
    const client = this.#client;
    switch (question.ask) {
      case 'createAccounts':
      case 'createTransfers': {
        const events = question.events.map((event) => this.#sent(event, question.exact));
        const results =
          question.ask === 'createAccounts'
            ? await client.createAccounts(events as unknown as Account[])
            : await client.createTransfers(events as unknown as Transfer[]);
        for (const { timestamp } of results) this.timeline.learn(timestamp);
        return results.map((result) => this.#told(result));
      }
      case 'lookupAccounts':
        return (await client.lookupAccounts(question.ids.map((id) => this.#id(id)))).map((row) => this.#told(row));
      case 'lookupTransfers':
        return (await client.lookupTransfers(question.ids.map((id) => this.#id(id)))).map((row) => this.#told(row));
      case 'getAccountTransfers':
      case 'getAccountBalances':
        return (await client[question.ask](this.#sent(question.filter) as unknown as AccountFilter)).map((row) => this.#told(row));
      default: {
        const filter = this.#sent(question.filter) as unknown as QueryFilter;
        if (this.#since && filter.timestamp_min === 0n) filter.timestamp_min = this.timeline.first;
        return (await client[question.ask](filter)).map((row) => this.#told(row));
      }
    }
  }

  #id(id: bigint): bigint {
    return id === 0n || id >= special ? id : id + this.#base;
  }

  #sent(record: object, exact = false): Record<string, unknown> {
    const fields = Object.entries(record).map(([name, value]): [string, unknown] => {
      if (ids.has(name)) return [snake(name), this.#id(value as bigint)];
      if (times.has(name)) return [snake(name), this.timeline.real(value as bigint)];
      if (name === 'timeout' && !exact && value > 0 && value < shortTimeout) return [name, value + longerBy];
      return [snake(name), value];
    });
    return Object.fromEntries(fields);
  }

  #told(row: object): Record<string, unknown> {
    const fields = Object.entries(row).map(([name, value]): [string, unknown] => {
      if (name === 'timestamp') return [name, this.timeline.event(value as bigint)];
      if (name === 'id' || name.endsWith('_id'))
        return [name, value === 0n || (value as bigint) >= special ? value : (value as bigint) - this.#base];
      return [name, value];
    });
    return Object.fromEntries(fields);
  }
}
