import type { Handlers } from '#kernel/contract/call.ts';
import { readAccount, readBalance, readTransfer, writeAccount, writeAccountFilter, writeQueryFilter } from '#wire/tigerbeetle/record.ts';
import { accountStatusName } from '#wire/tigerbeetle/status.ts';
import { accountFilterOf, accountOf, accountRow, balancesOf, queryFilterOf, transferRow } from '../../domain/row.ts';
import type { ledger } from '../../service.ts';
import type { Book } from '../book.ts';
import { listAccounts, oneAccount } from '../list.ts';
import { idOf, idsBody, numbers, rowsOf } from './ask.ts';
import { createAll } from './create.ts';

type Names =
  | 'ListAccounts'
  | 'GetAccount'
  | 'CreateAccounts'
  | 'LookupAccounts'
  | 'QueryAccounts'
  | 'GetAccountTransfers'
  | 'GetAccountBalances';

/** The handlers of the operations on accounts. */
export function accountHandlers(book: Book): Pick<Handlers<typeof ledger>, Names> {
  return {
    async ListAccounts(call) {
      call.charge('request', 1);
      return { output: await listAccounts(book, call.caller, { limit: 100, ...call.input }) };
    },
    async GetAccount(call) {
      call.charge('request', 1);
      return { output: (await oneAccount(book, call.caller, call.ref.name)) ?? call.fail('NotFound', `account ${call.ref.name}`) };
    },
    async CreateAccounts(call) {
      const { accounts } = call.input;
      const events = accounts.map((account, index) => writeAccount(accountOf(account, numbers, `/accounts/${index}`)));
      call.charge('event', events.length);
      return { output: { results: await createAll(book, call.caller, 'createAccounts', events, accountStatusName) } };
    },
    async LookupAccounts(call) {
      call.charge('request', 1);
      const rows = await rowsOf(book, call.caller, 'lookupAccounts', idsBody(call.input.ids), readAccount);
      return { output: { items: rows.map(accountRow) } };
    },
    async QueryAccounts(call) {
      call.charge('request', 1);
      const body = writeQueryFilter(queryFilterOf(call.input, numbers));
      return { output: { items: (await rowsOf(book, call.caller, 'queryAccounts', body, readAccount)).map(accountRow) } };
    },
    async GetAccountTransfers(call) {
      call.charge('request', 1);
      const body = writeAccountFilter(accountFilterOf(idOf(call.ref.name), call.input, numbers));
      return { output: { items: (await rowsOf(book, call.caller, 'getAccountTransfers', body, readTransfer)).map(transferRow) } };
    },
    async GetAccountBalances(call) {
      call.charge('request', 1);
      const body = writeAccountFilter(accountFilterOf(idOf(call.ref.name), call.input, numbers));
      const rows = await rowsOf(book, call.caller, 'getAccountBalances', body, readBalance);
      return { output: { items: rows.map((row) => ({ ...balancesOf(row), timestamp: `${row.timestamp}` })) } };
    },
  };
}
