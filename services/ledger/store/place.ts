/** A file that is there once a directory has everything that its process, one of two, ever acknowledged: it may count. */
export const joined = 'pair';

/** Where a ledger is that is kept by two processes; `book.place` is undefined where one keeps it alone. */
export type Place = {
  /** Whether this process is the one that answers. */
  readonly serves: boolean;
  /** Whether changes may be begun: they could be committed as things are. */
  readonly takes: boolean;
  /** A number that grows with every change of the primary; modulo two it is the primary's place in addresses. */
  readonly view: number;
  /** This process' own place in addresses. */
  readonly replica: number;
  /** Parts with the standby while `work` rewrites our files. Answers whether the standby has begun anew with a copy of them. */
  renew(work: () => Promise<void>): Promise<boolean>;
  /** Calls back once it is sure that no other process was the primary when this was asked. */
  confirm(send: () => void): void;
};
