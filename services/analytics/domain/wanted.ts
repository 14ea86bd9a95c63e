import { appends, type Closing, type Plan } from './plan.ts';
import { columnsIn, type Expr } from './expression.ts';

type Wanted = ReadonlySet<number>;
/** The columns of relations, by their numbers, that count for what a plan answers. */
export type Reads = ReadonlyMap<bigint, Wanted>;

const within = (exprs: readonly (Expr | undefined)[], wanted: Iterable<number> = []): Set<number> => {
  const found = new Set(wanted);
  for (const expr of exprs) if (expr) columnsIn(expr, found);
  return found;
};

const all = (plan: Plan): Set<number> => new Set(plan.columns.keys());

/** What a plan reads of each relation: the other columns may be NULL, and its rows are the same. */
export function readsOf(plan: Plan): Reads {
  const found = new Map<bigint, Set<number>>();
  look(plan, all(plan), (each, wanted) => {
    if (each.kind !== 'scan') return;
    const known = found.get(each.relation) ?? new Set();
    for (const place of each.watermark ? [...wanted, each.watermark.place] : wanted) known.add(place);
    found.set(each.relation, known);
  });
  return found;
}

/** The columns of each part of a plan that are read: the others may be NULL. */
export function shownOf(plan: Plan): ReadonlyMap<Plan, Wanted> {
  const found = new Map<Plan, Wanted>();
  look(plan, all(plan), (each, wanted) => found.set(each, new Set([...(found.get(each) ?? []), ...wanted])));
  return found;
}

function look(plan: Plan, wanted: Wanted, add: (plan: Plan, wanted: Wanted) => void): void {
  add(plan, wanted);
  switch (plan.kind) {
    case 'scan':
    case 'one':
    case 'series':
      return;
    case 'map':
      look(plan.input, within([plan.where, ...plan.outputs.filter((_, place) => wanted.has(place))]), add);
      return;
    case 'unnest': {
      const width = plan.input.columns.length;
      look(plan.input, new Set([...within([...plan.lists, plan.on], wanted)].filter((place) => place < width)), add);
      return;
    }
    case 'window':
      look(plan.input, new Set([...wanted, plan.time].filter((place) => place < plan.input.columns.length)), add);
      return;
    case 'group':
      look(plan.input, within([...plan.keys, ...plan.aggregates.flatMap(({ arg, filter }) => [arg, filter])]), add);
      return;
    case 'join':
      lookBoth(plan, wanted, add);
      return;
    case 'union':
      for (const input of plan.inputs) look(input, wanted, add);
      return;
    case 'temporal':
      look(plan.left, appends(plan.left) ? ofTemporal(plan, wanted) : all(plan.left), add);
      look(plan.right, all(plan.right), add);
      return;
    case 'lookup':
      look(plan.input, appends(plan.input) ? ofLookup(plan, wanted) : all(plan.input), add);
      return;
    case 'session':
      look(plan.input, appends(plan.input) ? ofSession(plan, wanted) : all(plan.input), add);
      return;
    // Which of several rows that are alike in the rest comes first is told by all of their columns.
    case 'over':
    case 'match':
    case 'emit':
    case 'retain':
      look(plan.input, all(plan.input), add);
  }
}

/** What a session is told by, and is wanted of its rows, none of which is ever looked for to be taken back. */
const ofSession = ({ partition, time, gap, input }: Extract<Plan, { kind: 'session' }>, wanted: Wanted): Set<number> =>
  within(
    [...partition, time, gap],
    [...wanted].filter((place) => place < input.columns.length),
  );

/** What rows are looked up by, and is wanted of them, none of which is ever taken back. */
const ofLookup = ({ keys, residual, input }: Extract<Plan, { kind: 'lookup' }>, wanted: Wanted): Set<number> =>
  within(
    keys,
    [...within([residual], wanted)].filter((place) => place < input.columns.length),
  );

/** What the rows of the left are told by, and is wanted of them; which version is the last one is told by all columns of the right. */
function ofTemporal({ left, leftKeys, time, residual }: Extract<Plan, { kind: 'temporal' }>, wanted: Wanted): Set<number> {
  const places = [...within([residual], wanted)].filter((place) => place < left.columns.length);
  return within([...leftKeys, time], places);
}

function lookBoth(plan: Extract<Plan, { kind: 'join' }>, wanted: Wanted, add: Parameters<typeof look>[2]): void {
  const { left, right, leftKeys, rightKeys, residual, closing } = plan;
  const width = left.columns.length;
  const both = within([residual], wanted);
  const side = (keys: readonly Expr[], own: Closing | undefined, places: readonly number[]) => within([...keys, own?.by], places);
  const places = [...both];
  const ofLeft = places.filter((place) => place < width);
  const ofRight = places.filter((place) => place >= width).map((place) => place - width);
  look(left, side(leftKeys, closing?.left, ofLeft), add);
  look(right, side(rightKeys, closing?.right, ofRight), add);
}
