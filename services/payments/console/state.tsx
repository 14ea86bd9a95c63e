import { Status } from '#console/part/status.tsx';
import { spoken } from '../domain/currency.ts';
import { toneOf, wordOf } from './row.ts';

/** The state of an object; one whose last attempt failed says so. */
export function State({ status, failed = false }: { status: string; failed?: boolean }) {
  return <Status tone={failed ? 'bad' : toneOf(status)}>{failed ? 'failed' : wordOf(status)}</Status>;
}

/** An amount of money, with its currency. */
export function Money({ amount, currency }: { amount: number; currency: string }) {
  return <span className="nowrap">{spoken(amount, currency)}</span>;
}
