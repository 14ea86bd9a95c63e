import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { type Bound, converted, oneType, settled } from './bound.ts';
import type { Expr } from './expression.ts';
import type { PlaceName } from './plan.ts';
import { isImplicit } from './cast.ts';
import { type Type, nameOfType } from './value.ts';

/** How many arguments each function of places takes, at least and at most. */
const places: Readonly<Record<PlaceName, readonly [least: number, most: number]>> = {
  ...{ lag: [1, 3], lead: [1, 3], first_value: [1, 1], last_value: [1, 1], nth_value: [2, 2], ntile: [1, 1] },
  ...{ percent_rank: [0, 0], cume_dist: [0, 0] },
};

export const isPlaceName = (name: string): name is PlaceName => Object.hasOwn(places, name);
/** Those that the frame of a window is about. */
export const readsFrame: ReadonlySet<PlaceName> = new Set(['first_value', 'last_value', 'nth_value']);

/** Arguments and type of a function of places; throws StatementError (42883) for other arguments than it takes. */
export function placeOf(name: PlaceName, bounds: readonly Bound[], at: number | undefined): { args: Expr[]; type: Type } {
  const [least, most] = places[name];
  const missing = () => {
    const types = bounds.map((bound) => (bound.kind === 'open' ? 'unknown' : nameOfType(bound.type)));
    return new StatementError(sqlstates.functionMissing, `function ${name}(${types.join(', ')}) does not exist`, at);
  };
  if (bounds.length < least || bounds.length > most) throw missing();
  const number = (bound: Bound): Expr => {
    const expr = settled(bound, 'int4');
    if (!isImplicit(expr.type, 'int4')) throw missing();
    return converted(expr, 'int4');
  };
  const [value, count, otherwise] = bounds;
  if (value === undefined) return { args: [], type: 'float8' };
  if (name === 'ntile') return { args: [number(value)], type: 'int4' };
  const type = oneType(otherwise ? [value, otherwise] : [value]);
  if (type === undefined) throw missing();
  const own = converted(settled(value, type), type);
  const rest = otherwise ? [converted(settled(otherwise, type), type)] : [];
  return { args: [own, ...(count ? [number(count)] : []), ...rest], type };
}
