import type { Handlers } from '#kernel/contract/call.ts';
import { readTransfer, writeQueryFilter, writeTransfer } from '#wire/tigerbeetle/record.ts';
import { transferStatusName } from '#wire/tigerbeetle/status.ts';
import { readChangeEvent, writeChangeFilter } from '#wire/tigerbeetle/change-event.ts';
import { accountFlagNames, balancesOf, queryFilterOf, transferOf, transferRow } from '../../domain/row.ts';
import type { ledger } from '../../service.ts';
import type { Book } from '../book.ts';
import { listTransfers, oneTransfer } from '../list.ts';
import { idsBody, numbers, rowsOf } from './ask.ts';
import { createAll } from './create.ts';

type Names = 'ListTransfers' | 'GetTransfer' | 'CreateTransfers' | 'LookupTransfers' | 'QueryTransfers' | 'GetChangeEvents';

/** The handlers of the operations on transfers. */
export function transferHandlers(book: Book): Pick<Handlers<typeof ledger>, Names> {
  return {
    async ListTransfers(call) {
      call.charge('request', 1);
      return { output: await listTransfers(book, call.caller, { limit: 100, ...call.input }) };
    },
    async GetTransfer(call) {
      call.charge('request', 1);
      return { output: (await oneTransfer(book, call.caller, call.ref.name)) ?? call.fail('NotFound', `transfer ${call.ref.name}`) };
    },
    async CreateTransfers(call) {
      const { transfers } = call.input;
      const events = transfers.map((transfer, index) => writeTransfer(transferOf(transfer, numbers, `/transfers/${index}`)));
      call.charge('event', events.length);
      return { output: { results: await createAll(book, call.caller, 'createTransfers', events, transferStatusName) } };
    },
    async LookupTransfers(call) {
      call.charge('request', 1);
      const rows = await rowsOf(book, call.caller, 'lookupTransfers', idsBody(call.input.ids), readTransfer);
      return { output: { items: rows.map(transferRow) } };
    },
    async QueryTransfers(call) {
      call.charge('request', 1);
      const body = writeQueryFilter(queryFilterOf(call.input, numbers));
      return { output: { items: (await rowsOf(book, call.caller, 'queryTransfers', body, readTransfer)).map(transferRow) } };
    },
    async GetChangeEvents(call) {
      call.charge('request', 1);
      const { timestampMin, timestampMax, limit = 100 } = call.input;
      const from = numbers(timestampMin, 64, '/timestampMin');
      const body = writeChangeFilter({ timestampMin: from, timestampMax: numbers(timestampMax, 64, '/timestampMax'), limit });
      const rows = await rowsOf(book, call.caller, 'getChangeEvents', body, readChangeEvent);
      return {
        output: {
          items: rows.map(({ type, timestamp, transfer, debit, credit }) => ({
            type,
            timestamp: `${timestamp}`,
            transfer: transferRow(transfer),
            debit: sideOf(debit),
            credit: sideOf(credit),
          })),
        },
      };
    },
  };
}

type Side = ReturnType<typeof readChangeEvent>['debit'];

const sideOf = (side: Side) => ({
  id: `${side.id}`,
  ...balancesOf(side),
  code: side.code,
  flags: accountFlagNames(side.flags),
  timestamp: `${side.timestamp}`,
});
