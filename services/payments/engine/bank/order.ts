/** An amount that a bank is asked for, or told to pay. `name` is whose account it is. */
export type BankOrder = {
  readonly id: string;
  readonly way: 'debit' | 'credit';
  readonly purpose: 'payment' | 'payout';
  readonly amount: number;
  /** In lower case. */
  readonly currency: string;
  readonly name: string;
  readonly account: BankAccountNumber;
  /** What the payer agreed to, and on which day (`YYYY-MM-DD`). */
  readonly mandate: { readonly id: string; readonly signed: string };
};

export type BankAccountNumber =
  | { readonly routing: string; readonly number: string; readonly holder: string; readonly type: string }
  | { readonly iban: string }
  | { readonly bic: string; readonly number: string };

/** A file of orders as it goes to a clearing house. `references` are what each order is called in it, in their order. */
export type OrderFile = { readonly format: string; readonly text: string; readonly references: readonly string[] };

/** What a clearing house says of orders by what they are called: those that it names were not paid, for the reason of a code. */
export type Answer = { readonly format: string; readonly text: string };
export type Refused = { readonly reference: string; readonly code: string };
