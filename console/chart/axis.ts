import { bytes, inUnit, isCounted, shortCount } from '../format/quantity.ts';
import { exactMoment } from '../format/moment.ts';

const day = 86_400_000;
const splitsWanted = 4;

/** Round values from 0 to the top of an axis: bytes step by powers of two, everything else by 1, 2 or 5. */
export function splitsOf(most: number, unit: string): number[] {
  const rough = most / splitsWanted;
  const step = unit === 'byte' ? byteStep(rough) : decimalStep(rough, isCounted(unit));
  const count = Math.floor(most / step);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

function decimalStep(rough: number, whole = true): number {
  // Things that are counted have no halves.
  if (rough <= 1 && whole) return 1;
  if (rough <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough) ?? 10;
  return factor * power;
}

/** 1, 2, 5, 10, 20, 50, 100, 200, 500 of a binary unit. */
function byteStep(rough: number): number {
  if (rough <= 1) return 1;
  const unit = 1024 ** Math.floor(Math.log(rough) / Math.log(1024));
  const step = decimalStep(rough / unit);
  return (step > 500 ? 1024 : step) * unit;
}

/** What stands at a value of the axis; the unit of counts is told in the chart's title. */
export function tickLabel(value: number, unit: string): string {
  if (unit === 'byte') return bytes(value);
  return isCounted(unit) ? shortCount(value) : inUnit(value, unit);
}

/** What stands at a moment of the axis: the clock within a day or two, else the day; midnight tells the day. */
export function momentLabel(at: number, span: number): string {
  const text = exactMoment(at);
  const clock = text.slice(11, 16);
  if (span > 2 * day || clock === '00:00') return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }).format(at);
  return clock;
}
