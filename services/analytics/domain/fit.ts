import type { Node, TypeName } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Decimal, printDecimal, rounded } from './decimal.ts';
import { numericDigitsMax } from './limits.ts';
import { textIn } from './name.ts';
import { isList, type Row, type Value } from './value.ts';

/** What a type in a statement says besides its name: varchar(length), or numeric(precision, scale). */
export type Fit =
  | { readonly kind: 'length'; readonly most: number }
  | { readonly kind: 'scale'; readonly precision: number; readonly scale: number }
  /** So many digits of a second. */
  | { readonly kind: 'digits'; readonly digits: number };

const numberIn = (node: Node | undefined): number => (node && 'A_Const' in node ? (node.A_Const.ival?.ival ?? 0) : Number.NaN);

/** What the type of a column or cast says besides its name; undefined where it says nothing. */
export function fitOf({ names = [], typmods }: TypeName): Fit | undefined {
  if (!typmods) return undefined;
  const name = textIn(names.at(-1) ?? { String: {} });
  const [first = Number.NaN, second = 0] = typmods.map(numberIn);
  if (name === 'varchar') {
    if (!(first >= 1)) throw new StatementError('22023', 'length for type varchar must be at least 1');
    return { kind: 'length', most: first };
  }
  if (['timestamp', 'timestamptz', 'time'].includes(name)) {
    if (!(first >= 0)) throw new StatementError('22023', `${name}(${first}) precision must not be negative`);
    return first >= 6 ? undefined : { kind: 'digits', digits: first };
  }
  if (name !== 'numeric') throw notBuilt(`A precision of ${name}`);
  if (!(first >= 1 && first <= 1000)) throw new StatementError('22023', `NUMERIC precision ${first} must be between 1 and 1000`);
  if (!(second >= 0 && second <= Math.min(first, numericDigitsMax))) throw notBuilt(`A scale of ${second}`);
  return { kind: 'scale', precision: first, scale: second };
}

/** A time with so many digits of its second, half away from zero. */
export function timedTo(micros: number, digits: number): number {
  const unit = 10 ** (6 - digits);
  return Math.sign(micros) * Math.floor(Math.abs(micros) / unit + 0.5) * unit;
}

/** What a type says besides its name, as numbers. */
export const sizesOf = (fit: Fit): readonly number[] =>
  fit.kind === 'length' ? [fit.most] : fit.kind === 'scale' ? [fit.precision, fit.scale] : [fit.digits];

/** A decimal with so many digits behind the point, if those before it have room. */
export function scaledTo(value: Decimal, precision: number, scale: number): Decimal {
  const made = rounded(value, scale);
  if (printDecimal(made).replaceAll(/[-.]/g, '').replace(/^0+/, '').length > precision)
    throw new StatementError(
      sqlstates.outOfRange,
      `numeric field overflow: precision ${precision}, scale ${scale} must round to an absolute value less than 10^${precision - scale}`,
    );
  return made;
}

/** The text cut where it is told to be, else where only spaces are beyond. */
export function cutTo(text: string, most: number, isTold: boolean): string {
  if (text.length <= most) return text;
  const points = [...text];
  if (points.length <= most) return text;
  if (!isTold && points.slice(most).some((point) => point !== ' '))
    throw new StatementError('22001', `value too long for type character varying(${most})`);
  return points.slice(0, most).join('');
}

/** A row as columns take it. */
export function fittedRow<R extends Row | undefined>(fits: readonly (Fit | undefined)[], row: R): R {
  return row?.some((_, place) => fits[place]) ? (row.map((value, place) => fitted(fits[place], value)) as unknown as R) : row;
}

/** A value as a column takes it. */
function fitted(fit: Fit | undefined, value: Value): Value {
  if (!fit || value === null) return value;
  if (typeof value === 'object' && isList(value)) return { sizes: value.sizes, items: value.items.map((item) => fitted(fit, item)) };
  if (fit.kind === 'digits') return timedTo(value as number, fit.digits);
  return fit.kind === 'length' ? cutTo(value as string, fit.most, false) : scaledTo(value as Decimal, fit.precision, fit.scale);
}
