/** The kinds of entries that are read and written; COR is the batch of notifications of change. */
export type EntryClass = 'PPD' | 'CCD' | 'WEB' | 'CTX' | 'COR';

/** What is paid for (05), what was wrong with an entry (98), or why one comes back (99). */
export type Addendum =
  | { readonly type: '05'; readonly text: string }
  | {
      readonly type: '98';
      readonly code: string;
      readonly originalTrace: string;
      /** Eight digits, without the check digit. */
      readonly originalReceiver: string;
      readonly corrected: string;
      readonly trace: string;
    }
  | {
      readonly type: '99';
      readonly code: string;
      readonly originalTrace: string;
      readonly originalReceiver: string;
      /** `YYMMDD`, or empty. */
      readonly dateOfDeath: string;
      readonly text: string;
      readonly trace: string;
    };

export type Entry = {
  readonly code: string;
  /** Nine digits, the check digit last. */
  readonly routing: string;
  readonly account: string;
  readonly cents: number;
  readonly identification: string;
  /** The person, or in CTX the company. */
  readonly name: string;
  readonly discretionary: string;
  /** Fifteen digits: the sender's bank and a number that rises within its batch. */
  readonly trace: string;
  readonly addenda: readonly Addendum[];
};

export type Batch = {
  /** 200 for both ways, 220 for credits, 225 for debits. */
  readonly serviceClass: '200' | '220' | '225';
  readonly company: string;
  readonly discretionary: string;
  readonly companyId: string;
  readonly entryClass: EntryClass;
  readonly description: string;
  readonly descriptiveDate: string;
  /** `YYMMDD`, or empty. */
  readonly effectiveDate: string;
  /** Day of the year, which the operator fills in; empty before. */
  readonly settlementDate: string;
  readonly originatorStatus: string;
  /** The sender's bank: eight digits, without the check digit. */
  readonly originator: string;
  readonly number: number;
  readonly entries: readonly Entry[];
};

export type NachaFile = {
  readonly destination: string;
  readonly origin: string;
  /** `YYMMDD`. */
  readonly date: string;
  /** `HHMM`, or empty. */
  readonly time: string;
  /** Which of the day's files: A to Z, 0 to 9. */
  readonly modifier: string;
  readonly destinationName: string;
  readonly originName: string;
  readonly reference: string;
  readonly batches: readonly Batch[];
};
