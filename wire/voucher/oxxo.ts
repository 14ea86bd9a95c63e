import { mod10 } from './check-digit.ts';
import { VoucherError } from './violation.ts';

/**
 * The reference of a voucher that is paid in cash in OXXO's shops: 14 digits, those of who issues it first, and modulus 10 last. Which
 * rule OXXO checks by is not published; our simulator of its shops checks this one.
 */
export function oxxoReference(issuer: string, number: number): string {
  if (!/^\d{2,6}$/.test(issuer)) throw new VoucherError(`${JSON.stringify(issuer)} is no issuer`);
  const digits = issuer + String(number).padStart(13 - issuer.length, '0');
  if (!/^\d{13}$/.test(digits)) throw new VoucherError(`${number} is no number of a voucher`);
  return digits + mod10(digits);
}

/** The issuer and the number of a reference, with spaces or without. */
export function readOxxoReference(text: string, issuer: string): number {
  const digits = text.replaceAll(' ', '');
  if (!/^\d{14}$/.test(digits)) throw new VoucherError('a reference has 14 digits');
  if (mod10(digits.slice(0, -1)) !== digits.at(-1)) throw new VoucherError('the check digit is wrong');
  if (!digits.startsWith(issuer)) throw new VoucherError('the voucher is of another issuer');
  return Number(digits.slice(issuer.length, -1));
}
