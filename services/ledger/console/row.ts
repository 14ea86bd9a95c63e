/** A transfer as the operations answer it; numbers of 64 and 128 bits are decimal strings. */
export type TransferRow = {
  readonly id: string;
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  readonly amount: string;
  readonly pendingId: string;
  readonly ledger: number;
  readonly code: number;
  readonly flags: readonly string[];
  readonly timestamp: string;
};

export type Balances = {
  readonly debitsPending: string;
  readonly debitsPosted: string;
  readonly creditsPending: string;
  readonly creditsPosted: string;
};
export type BalanceRow = Balances & { readonly timestamp: string };

/** A timestamp of the ledger, which counts nanoseconds, in milliseconds. */
export const momentOf = (timestamp: string): number => Number(BigInt(timestamp) / 1_000_000n);

/** Digits in groups of three. */
export const grouped = (amount: string | bigint): string => `${amount}`.replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');

/** Credits less debits, of what is posted. */
export const netOf = (row: Balances): bigint => BigInt(row.creditsPosted) - BigInt(row.debitsPosted);

/** What a transfer does, in a word. */
export function deedOf({ flags, pendingId }: Pick<TransferRow, 'flags' | 'pendingId'>): string {
  if (flags.includes('pending')) return 'held';
  if (pendingId === '0') return 'moved';
  return flags.includes('void') ? 'released' : 'posted';
}
