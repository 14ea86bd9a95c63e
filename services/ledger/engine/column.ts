/** Words of an account and of a transfer, in the order of the protocol's records. */
export const column = {
  id: 0,
  userData128: 20,
  userData64: 24,
  userData32: 26,
  /** Of accounts reserved, of transfers the timeout in seconds. */
  timeout: 27,
  ledger: 28,
  /** The code in the lower half, the flags in the upper. */
  code: 29,
  timestamp: 30,
  debitsPending: 4,
  debitsPosted: 8,
  creditsPending: 12,
  creditsPosted: 16,
  debitAccount: 4,
  creditAccount: 8,
  amount: 12,
  pendingId: 16,
} as const;

export const recordWords = 32;

/** What became of a pending transfer; zero for those that never were pending. */
export const pendingStatus = { none: 0, pending: 1, posted: 2, voided: 3, expired: 4 } as const;

/** Words of an event: what changed the balances of two accounts, how many transfers there were then, and the balances afterwards. */
export const eventColumn = {
  timestamp: 0,
  transfer: 2,
  status: 3,
  debitRow: 4,
  creditRow: 5,
  flags: 6,
  made: 7,
  debit: 8,
  credit: 24,
} as const;
export const eventWords = 40;
