import { exactInUnit, inUnit, shortCount } from '../format/quantity.ts';

/** A number with its unit, in human size; the exact value is on hover. `bare` leaves out a unit that the label beside it says. */
export function Amount({ value, unit, bare }: { value: number | string | undefined; unit: string; bare?: boolean }) {
  if (value === undefined) return <span className="faint">–</span>;
  const exact = typeof value === 'string' && /^-?\d+$/.test(value) ? BigInt(value) : Number(value);
  return (
    <span className="nowrap" title={exactInUnit(exact, unit)}>
      {bare && unit !== 'byte' ? shortCount(Number(exact)) : inUnit(Number(exact), unit)}
    </span>
  );
}
