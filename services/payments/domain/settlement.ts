import { type Fields, fieldsOf, type Json, numberOf, type Thing } from './json.ts';
import type { Odd } from './match.ts';

export const accountKind = 'settlement_account';
export const statementKind = 'bank_statement';
export const entryKind = 'bank_movement';
export const exceptionKind = 'settlement_exception';
export const settlementRulesKind = 'settlement_rules';

export type ExceptionType = Odd | 'missing' | 'balance_differs';
export const exceptionTypes: readonly ExceptionType[] = [
  ...(['amount_differs', 'ambiguous', 'balance_differs', 'duplicate', 'missing', 'unexpected_credit', 'unexpected_debit'] as const),
];

const day = 86_400;

/** What is expected of a bank in one sum: what one way of paying brought on one day, or one payout. */
export type Expected = {
  readonly id: string;
  /** Signed: more than nothing comes. */
  readonly amount: number;
  /** What of it disputes took or gave back. */
  readonly contested: number;
  readonly date: number;
  readonly items: number;
  /** The last line of the statement that is in it, by its place. */
  readonly last: number;
  /** What it is called at the bank, where that is another name. */
  readonly reference?: string;
};

/** What an expected movement is called at the bank; a payout that came back is known by the payout's own name. */
export const referenceOf = ({ id, reference }: Expected): string => reference ?? id.replace(/ back$/, '');

/** Whether it is a transfer of a customer, which is theirs to use. */
export const isFunding = (id: string): boolean => id.startsWith('ccsbtxn_');

/** How what one way of paying brought on one day is called at the bank. */
export const batchName = (way: string, dayNumber: number, currency: string): string =>
  `${way.toUpperCase()}-${new Date(dayNumber * day * 1000).toISOString().slice(0, 10).replaceAll('-', '')}-${currency.toUpperCase()}`;

/** The way and the day of such a name. */
export function batchOf(name: string): { way: string; day: number } | undefined {
  const [, way = '', year = '', month = '', date = ''] = /^([A-Z_]+)-(\d{4})(\d\d)(\d\d)-[A-Z]{3}$/.exec(name) ?? [];
  return way === '' ? undefined : { way: way.toLowerCase(), day: Date.parse(`${year}-${month}-${date}T00:00:00Z`) / 1000 / day };
}

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };
type About = {
  readonly type: ExceptionType;
  readonly currency: string;
  readonly amount: number;
  readonly difference: number;
  readonly entry: string | null;
  readonly expected: string | null;
  /** When what is wrong happened; its age is counted from there. */
  readonly since: number;
};

export const newException = ({ since, ...about }: About, { id, created, livemode }: Own): Thing => ({
  ...{ id, object: exceptionKind, created, livemode, ...about, since, status: 'open', resolution: null },
});

/** How long it has been open: in days, and in words. */
export function aged(exception: Thing, now: number): Thing {
  const until = numberOf(fieldsOf(exception.resolution).at) ?? now;
  const days = Math.max(0, Math.floor((until - Number(exception.since)) / day));
  const ageing = days < 2 ? 'new' : days < 6 ? 'days' : days < 31 ? 'weeks' : 'old';
  return { ...exception, age_days: days, ageing };
}

export type Resolution = 'write_off' | 'match' | 'dismiss';

/** Why an exception cannot be resolved so; undefined where it can. */
export function unfit({ type, status, entry }: Thing, way: Resolution): string | undefined {
  if (status !== 'open') return 'It is resolved already.';
  const isMoney = type !== 'balance_differs';
  if (way === 'dismiss') return entry === null ? undefined : 'Money is behind it: it is matched or written off.';
  if (!isMoney) return 'No money is behind it: it can only be dismissed.';
  return way === 'match' && entry === null ? 'No entry of a bank is behind it that could be matched.' : undefined;
}

export const resolvedException = (exception: Thing, resolution: Fields): Thing => ({ ...exception, status: 'resolved', resolution });

export const newRules = (created: number): Thing => ({
  id: settlementRulesKind,
  object: settlementRulesKind,
  created,
  missing_after_days: 3,
  rules: [],
});

/** The first rule that resolves an exception. */
export function ruleFor({ rules }: Thing, exception: Thing): Fields | undefined {
  const all = (rules ?? []) as Json[];
  const size = Math.abs(Number(exception.difference));
  return all.map(fieldsOf).find((rule) => {
    const isOf = rule.type === exception.type && (rule.currency == null || rule.currency === exception.currency);
    return isOf && size <= Number(rule.at_most) && Number(exception.age_days) >= Number(rule.older_than_days ?? 0);
  });
}
