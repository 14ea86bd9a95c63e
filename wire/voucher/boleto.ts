import { mod10, mod11 } from './check-digit.ts';
import { VoucherError } from './violation.ts';

/** A bank's boleto (FEBRABAN): paid at any bank or shop of Brazil by its 44 digits as a bar code, or 47 to type. */
export type Boleto = {
  readonly bank: string;
  /** `YYYY-MM-DD`; undefined where it does not fall due. */
  readonly due?: string;
  /** 0 lets the payer say. */
  readonly centavos: number;
  /** 25 digits that the bank knows the charge by. */
  readonly free: string;
};

const real = '9';
const dayMs = 86_400_000;
/** Days are counted from 1997, and since 2025, when four digits were used up, from 1000 again: every day is meant twice. */
const firstDay = Date.UTC(1997, 9, 7);
const secondDay = Date.UTC(2025, 1, 22);
const [firstFactor, cycle] = [1000, 9000];

/** The 44 digits of the bar code. */
export function boletoBarcode({ bank, due, centavos, free }: Boleto): string {
  if (!/^\d{3}$/.test(bank) || !/^\d{25}$/.test(free)) throw new VoucherError('a boleto has a bank of 3 digits and a free field of 25');
  if (!Number.isSafeInteger(centavos) || centavos < 0 || centavos > 9_999_999_999)
    throw new VoucherError(`${centavos} is no amount in centavos`);
  const head = bank + real;
  const tail = factorOf(due) + String(centavos).padStart(10, '0') + free;
  return head + mod11(head + tail) + tail;
}

/** The 47 digits that a person types: the free field first, in three parts with a check digit each. */
export function boletoLine(boleto: Boleto): string {
  const code = boletoBarcode(boleto);
  const parts = [code.slice(0, 4) + code.slice(19, 24), code.slice(24, 34), code.slice(34)];
  return parts.map((part) => part + mod10(part)).join('') + code.slice(4, 19);
}

/** Reads either form, with dots and spaces or without. `today` says which of the two days that a factor means is meant: the nearer. */
export function readBoleto(text: string, today: Date): Boleto {
  const digits = text.replace(/[ .]/g, '');
  if (!/^(\d{44}|\d{47})$/.test(digits)) throw new VoucherError('a boleto has 44 digits, or 47 to type');
  const code = digits.length === 44 ? digits : codeOf(digits);
  if (code[3] !== real) throw new VoucherError(`${code[3]} is no currency of a boleto`);
  if (code[4] !== mod11(code.slice(0, 4) + code.slice(5))) throw new VoucherError('the check digit of the bar code is wrong');
  const factor = Number(code.slice(5, 9));
  const due = factor === 0 ? {} : { due: dayOf(factor, today) };
  return { bank: code.slice(0, 3), ...due, centavos: Number(code.slice(9, 19)), free: code.slice(19) };
}

function codeOf(line: string): string {
  const parts = [line.slice(0, 10), line.slice(10, 21), line.slice(21, 32)];
  const wrong = parts.findIndex((part) => mod10(part.slice(0, -1)) !== part.at(-1));
  if (wrong >= 0) throw new VoucherError(`the check digit of part ${wrong + 1} is wrong`);
  const [first = '', second = '', third = ''] = parts.map((part) => part.slice(0, -1));
  return first.slice(0, 4) + line.slice(32) + first.slice(4) + second + third;
}

function factorOf(due: string | undefined): string {
  if (due === undefined) return '0000';
  const day = Date.parse(`${due}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(due) || Number.isNaN(day)) throw new VoucherError(`${JSON.stringify(due)} is no date`);
  const factor = day < secondDay ? (day - firstDay) / dayMs : firstFactor + (day - secondDay) / dayMs;
  if (factor < firstFactor || factor > 9999) throw new VoucherError(`${due} is no day that a boleto can fall due`);
  return String(factor);
}

function dayOf(factor: number, today: Date): string {
  if (factor < firstFactor) throw new VoucherError(`${factor} is no day that a boleto can fall due`);
  const early = firstDay + factor * dayMs;
  const late = early + cycle * dayMs;
  const day = Math.abs(early - today.getTime()) < Math.abs(late - today.getTime()) ? early : late;
  return new Date(day).toISOString().slice(0, 10);
}
