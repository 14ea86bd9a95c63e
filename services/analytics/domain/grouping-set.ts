import type { GroupingFunc, Node, SelectStmt } from 'libpg-query';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Names } from './bind.ts';
import { column, constant, type Expr } from './expression.ts';
import { groupingSetsMax } from './limits.ts';
import type { Plan } from './plan.ts';
import type { Column } from './value.ts';

type Sets = readonly (readonly Node[])[];

const checked = (sets: Sets): Sets => {
  if (sets.length > groupingSetsMax) throw new StatementError('54001', `GROUP BY has at most ${groupingSetsMax} grouping sets`);
  return sets;
};

/** What each of some lists may be, together with what each of others may be. */
const crossed = (left: Sets, right: Sets): Sets => checked(left.flatMap((set) => right.map((other) => [...set, ...other])));

/** The sets of expressions by which a SELECT is grouped: one where GROUP BY says no others. */
export function groupingSets({ groupClause = [], groupDistinct }: SelectStmt): Sets {
  const all = groupClause.map(setsOf).reduce<Sets>(crossed, [[]]);
  if (!groupDistinct) return all;
  const shapeOf = (set: readonly Node[]) => [...new Set(set.map((node) => JSON.stringify(node, withoutPlaces)))].sort().join();
  return [...new Map(all.map((set) => [shapeOf(set), set])).values()];
}

const withoutPlaces = (key: string, value: unknown): unknown => (key === 'location' ? undefined : value);

function setsOf(node: Node): Sets {
  if ('RowExpr' in node) return [node.RowExpr.args ?? []];
  if (!('GroupingSet' in node)) return [[node]];
  const { kind, content = [] } = node.GroupingSet;
  if (kind === 'GROUPING_SET_EMPTY') return [[]];
  if (kind === 'GROUPING_SET_SETS') return checked(content.flatMap(setsOf));
  const parts = content.map((each) => setsOf(each)[0] ?? []);
  if (kind === 'GROUPING_SET_ROLLUP')
    return checked(Array.from({ length: parts.length + 1 }, (_, at) => parts.slice(0, parts.length - at).flat()));
  return parts.reduce<Sets>((found, part) => crossed(found, [part, []]), [[]]);
}

/** GROUPING(...): a bit for each of its arguments, the last one lowest, which is set where a row is not grouped by it. */
export function toldOf({ args = [], location }: GroupingFunc, names: Names, placeOf: (node: Node) => number, told: number): Expr {
  const wrong = () =>
    new StatementError(
      sqlstates.groupingWrong,
      'arguments to GROUPING must be grouping expressions of the associated query level',
      names.at(location),
    );
  if (args.length > 31) throw new StatementError('54023', 'GROUPING must have fewer than 32 arguments', names.at(location));
  const bits = args.map((arg): Expr => {
    const place = placeOf(arg);
    if (place < 0) throw wrong();
    // Of one set every row is grouped by all.
    return told === 0 ? constant('int4', 0) : column('int4', told + place);
  });
  const call = (sign: string, ...of: Expr[]): Expr => ({ kind: 'call', type: 'int4', operation: `${sign}:int4,int4`, args: of });
  return bits.reduce((sum, bit) => call('+', call('*', sum, constant('int4', 2)), bit));
}

type Grouped = {
  readonly keys: readonly Expr[];
  /** The keys and the aggregates. */
  readonly columns: readonly Column[];
  /** By set, the places of its keys. */
  readonly places: readonly (readonly number[])[];
  readonly group: (keys: readonly Expr[], columns: readonly Column[]) => Plan;
};

/** Rows of each set one behind the other: all keys, NULL where it is none of the set; whether it is none; the aggregates. */
export function groupedBySets({ keys, columns, places, group }: Grouped): Plan {
  const [own, aggregates] = [columns.slice(0, keys.length), columns.slice(keys.length)];
  const all = [...own, ...own.map((): Column => ({ name: '', type: 'int4' })), ...aggregates];
  const inputs = places.map((set): Plan => {
    const input = group(
      set.map((place) => keys[place] as Expr),
      [...set.map((place) => own[place] as Column), ...aggregates],
    );
    const outputs = [
      ...own.map(({ type }, place) => (set.includes(place) ? column(type, set.indexOf(place)) : constant(type, null))),
      ...own.map((_, place) => constant('int4', set.includes(place) ? 0 : 1)),
      ...aggregates.map(({ type }, at) => column(type, set.length + at)),
    ];
    return { kind: 'map', input, where: undefined, outputs, columns: all };
  });
  return { kind: 'union', inputs, columns: all };
}
