import { defineService } from '#kernel/contract/contract.ts';
import { subjectOperations, subjectResources } from '#kernel/privacy/subject.ts';
import { accountOperations } from './contract/account.ts';
import { AccountSpec, AccountStatus, TransferSpec, TransferStatus } from './contract/field.ts';
import { eventsBurst, eventsPerSecond, requestsBurst, requestsPerSecond } from './contract/limits.ts';
import { transferOperations } from './contract/transfer.ts';

/** The ledger: double entry behind TigerBeetle's protocol. */
export const ledger = defineService({
  name: 'ledger',
  title: 'Ledger',
  text: 'Accounts and transfers in double entry, behind the TigerBeetle protocol.',
  version: 1,
  resources: {
    Account: {
      of: 'scope',
      text: 'Something that has debits and credits in one ledger.',
      spec: AccountSpec,
      status: AccountStatus,
      owner: 'service',
      columns: ['ledger', 'code', 'flags'],
    },
    Transfer: {
      of: 'scope',
      text: 'An amount moved from one account to another, for good.',
      spec: TransferSpec,
      status: TransferStatus,
      owner: 'service',
      columns: ['debitAccountId', 'creditAccountId', 'amount', 'flags'],
    },
    ...subjectResources,
  },
  meters: {
    request: { unit: 'request', kind: 'sum', text: 'Queries and look-ups answered.', by: ['operation'] },
    event: { unit: 'event', kind: 'sum', text: 'Accounts and transfers asked to be made.', by: ['operation'] },
    ingress: { unit: 'byte', kind: 'sum', text: 'Bytes of batches received.', by: ['operation'] },
  },
  quotas: {
    requests: {
      kind: 'rate',
      unit: 'call',
      perSecond: requestsPerSecond,
      burst: requestsBurst,
      text: 'Queries and look-ups of one scope.',
    },
    events: { kind: 'rate', unit: 'call', perSecond: eventsPerSecond, burst: eventsBurst, text: 'Accounts and transfers of one scope.' },
  },
  events: {},
  errors: {},
  needs: { sql: { seam: 'sql', scope: 'service', optional: true } },
  doors: {
    tigerbeetle: {
      protocol: 'tigerbeetle',
      port: 3001,
      faces: ['cluster'],
      anonymous: 'never',
      text: 'The TigerBeetle client protocol, release line 0.17; the cluster id stands for a password.',
    },
    tunnel: {
      protocol: 'tigerbeetle over TLS',
      port: 3002,
      faces: ['certificate', 'cluster'],
      anonymous: 'never',
      text: 'The same over TLS with a client certificate, for other machines; gamut connect ledger leads a local port to it.',
    },
  },
  operations: { ...accountOperations, ...transferOperations, ...subjectOperations },
  roles: {
    auditor: [
      'ListAccounts',
      'GetAccount',
      'LookupAccounts',
      'QueryAccounts',
      'GetAccountTransfers',
      'GetAccountBalances',
      'ListTransfers',
      'GetTransfer',
      'LookupTransfers',
      'QueryTransfers',
      'GetChangeEvents',
      'RevealPersonal',
    ],
    reader: ['auditor'],
    editor: ['reader', 'CreateTransfers'],
    admin: ['editor', 'CreateAccounts', 'ExportDataSubject'],
    owner: ['admin', 'EraseDataSubject'],
    // Services that keep money here for a tenant, in their own name.
    bookkeeper: ['reader', 'CreateTransfers', 'CreateAccounts'],
  },
});
