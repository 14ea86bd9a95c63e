/** Why the ledger gave no answer: none came in time, too much waits, or the client is closed. */
type UnavailableReason = 'late' | 'queue' | 'closed';

/** The ledger cannot be asked now. With `sent` the request may have taken effect: asking again with the same ids tells. */
export class LedgerUnavailable extends Error {
  override readonly name = 'LedgerUnavailable';
  readonly reason: UnavailableReason;
  readonly sent: boolean;

  constructor(reason: UnavailableReason, text: string, sent: boolean, options?: ErrorOptions) {
    super(text, options);
    this.reason = reason;
    this.sent = sent;
  }
}

/** The ledger will not have this client or this request: asking again does not help. */
export class LedgerRefused extends Error {
  override readonly name = 'LedgerRefused';
}
