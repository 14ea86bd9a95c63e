import type { ServicePages } from '#console/service-page.ts';
import { AccountHistory } from './account-history.tsx';
import { connectTigerBeetle } from './connect.ts';
import { Entries } from './entries.tsx';
import { LedgerOverview } from './overview.tsx';

/** The ledger's own pages: its numbers, search, what an account has seen, both sides of a transfer, and lines for clients. */
const pages: ServicePages = {
  why: {
    accounts:
      'Whatever is counted has accounts: purses, shops, fees, stock. Each has debits and credits, and no transfer changes one alone.',
    transfers: 'A transfer moves an amount from one account to another, for good. It is held first where it may still be called off.',
  },
  overview: LedgerOverview,
  tabs: {
    accounts: [{ path: 'history', title: 'Balances and transfers', page: AccountHistory }],
    transfers: [{ path: 'entries', title: 'Both sides', page: Entries }],
  },
  connect: { tigerbeetle: connectTigerBeetle },
};

export default pages;
