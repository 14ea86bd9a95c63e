import { registerFaults } from '#kernel/contract/fault.ts';

registerFaults({
  LogDamaged: { status: 500, retry: false, text: 'The log of the ledger is damaged at the place named.' },
  LedgerElsewhere: { status: 409, retry: false, text: 'Another process holds the ledger.' },
});
