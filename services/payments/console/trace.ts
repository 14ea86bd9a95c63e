import type { Review } from './review.tsx';
import type { Row } from './row.ts';

/** What `GetPaymentIntentTrace` answers, as far as the page shows it. Moments of messages and entries are in milliseconds. */
export type Rule = {
  readonly id: string;
  readonly action?: string | null;
  readonly predicate?: string | null;
  readonly status: string;
  readonly held: boolean;
};
export type Decision = {
  readonly action: string;
  readonly risk_level: string;
  readonly risk_score: number | null;
  readonly model: string | null;
  readonly shadow: (Readonly<Record<'model' | 'level' | 'action', string>> & { readonly score: number }) | null;
  readonly features: readonly { readonly name: string; readonly value: number | string | boolean | null }[];
  readonly reasons: readonly { readonly feature: string; readonly value: number | null; readonly contribution: number }[];
  readonly rules: readonly Rule[];
};
type Charge = Row & {
  readonly failure_message?: string | null;
  readonly outcome?: { readonly type?: string; readonly seller_message?: string } | null;
  readonly payment_method_details?: { readonly type?: string } & Readonly<Record<string, unknown>>;
};
export type Attempt = {
  readonly charge: Charge;
  readonly decision: Decision | null;
  readonly route: { readonly rail: string; readonly network?: string; readonly reference?: string; readonly approval?: string } | null;
};
export type Message = {
  readonly at: number;
  readonly mti: string;
  readonly type: string;
  readonly elements: readonly { readonly number: number; readonly name: string; readonly value: string }[];
};
export type BankRecord = { readonly file: string; readonly kind: string; readonly direction?: string; readonly records: readonly object[] };
type Side = { readonly id: string; readonly account: string | null };
export type Entry = {
  readonly id: string;
  readonly step: string | null;
  readonly of: string | null;
  readonly kind: string;
  readonly debit: Side;
  readonly credit: Side;
  readonly amount: number;
  readonly at: number;
};
export type Trace = {
  readonly payment: Row;
  readonly attempts: readonly Attempt[];
  readonly messages: readonly Message[];
  readonly records: readonly BankRecord[];
  readonly entries: readonly Entry[];
  readonly refunds: readonly Row[];
  readonly disputes: readonly Row[];
  readonly reviews: readonly Review[];
  readonly events: readonly Row[];
};
