import type { Node, TypeName } from 'libpg-query';
import { type Interval, readInterval } from './interval.ts';

const units: Readonly<Record<number, string>> = { 4: 'year', 2: 'month', 8: 'day', 1024: 'hour', 2048: 'minute', 4096: 'second' };

/** `INTERVAL '10 seconds'` and `INTERVAL '10' SECOND`; undefined for anything else. */
export function intervalLiteral(arg: Node | undefined, typeName: TypeName | undefined): Interval | undefined {
  const last = typeName?.names?.at(-1);
  if (!last || !('String' in last) || last.String.sval !== 'interval') return undefined;
  const text = arg && 'A_Const' in arg ? arg.A_Const.sval?.sval : undefined;
  const [mod] = typeName?.typmods ?? [];
  const unit = mod && 'A_Const' in mod ? units[mod.A_Const.ival?.ival ?? -1] : undefined;
  if (text === undefined || (mod && unit === undefined)) return undefined;
  return readInterval(text, unit);
}
