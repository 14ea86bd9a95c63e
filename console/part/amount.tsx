import { exactInUnit, inUnit } from '../format/quantity.ts';

/** A number with its unit, in human size; the exact value is on hover. */
export function Amount({ value, unit }: { value: number | string | undefined; unit: string }) {
  if (value === undefined) return <span className="faint">–</span>;
  const exact = typeof value === 'string' && /^-?\d+$/.test(value) ? BigInt(value) : Number(value);
  return <span className="nowrap" title={exactInUnit(exact, unit)}>{inUnit(Number(exact), unit)}</span>;
}
