import { Estimates, type Statistics } from './estimate.ts';
import { columnsIn, conjuncts, type Expr, shifted } from './expression.ts';
import { joinedLeavesMax } from './limits.ts';
import { allOf, filtered, inputsOf, joined, type Plan } from './plan.ts';
import { isFilter, moved, onOf } from './push-down.ts';

/** In what order relations are joined: a relation by its number in the text, or two such orders. */
export type JoinOrder = number | readonly [JoinOrder, JoinOrder];

/** Relations that inner joins put side by side, and what must hold, over the columns of all in the order of the text. */
type Block = { readonly leaves: readonly Plan[]; readonly conditions: readonly Expr[]; readonly position: number | undefined };

const and = (exprs: readonly Expr[]): Expr | undefined => (exprs.length > 1 ? { kind: 'and', type: 'bool', args: exprs } : exprs[0]);

function blockOf(plan: Plan): Block {
  if (plan.kind === 'map' && isFilter(plan) && plan.input.kind === 'join') {
    const block = blockOf(plan.input);
    return { ...block, conditions: [...block.conditions, ...conjuncts(plan.where)] };
  }
  if (plan.kind !== 'join' || plan.how !== 'inner') return { leaves: [plan], conditions: [], position: undefined };
  const [left, right] = [blockOf(plan.left), blockOf(plan.right)];
  const width = plan.left.columns.length;
  return {
    leaves: [...left.leaves, ...right.leaves],
    conditions: [...left.conditions, ...right.conditions.map((each) => shifted(each, width)), ...onOf(plan)],
    position: plan.position,
  };
}

/** A set of leaves, as bits. */
type Chosen = { readonly order: JoinOrder; readonly rows: number; readonly cost: number };

/**
 * The cheapest order of all: the best for each set of relations is found once and kept, from the best for its parts. Relations
 * that nothing links are put side by side only where nothing else is left.
 */
function cheapest({ leaves, conditions }: Block, leafOf: readonly number[], estimates: Estimates): JoinOrder {
  const from = starts(leaves);
  const links = conditions.map((condition) => ({
    condition,
    set: [...columnsIn(condition)].reduce((set, place) => set | (1 << (leafOf[place] as number)), 0),
  }));
  const distinct = (expr: Expr): number => {
    const [place = 0] = columnsIn(expr);
    const leaf = leafOf[place] as number;
    return estimates.distinct(leaves[leaf] as Plan, shifted(expr, -(from[leaf] as number)));
  };
  const partOf = (condition: Expr): number => {
    const [left, right] = condition.kind === 'call' && condition.operation.startsWith('=:') ? condition.args : [];
    const isLink = left && right && [left, right].every((side) => new Set([...columnsIn(side)].map((place) => leafOf[place])).size === 1);
    return isLink ? 1 / Math.max(1, distinct(left), distinct(right)) : 1 / 3;
  };
  const parts = links.map(({ condition, set }) => ({ set, part: partOf(condition) }));
  const within = (set: number, known: number) => (set & ~known) === 0;
  const rowsOf = (set: number): number => {
    const product = leaves.reduce((rows, leaf, at) => (set & (1 << at) ? rows * estimates.of(leaf).rows : rows), 1);
    return Math.max(
      1,
      parts.reduce((rows, each) => (within(each.set, set) ? rows * each.part : rows), product),
    );
  };
  const memo = new Map<number, Chosen>();
  const best = (set: number): Chosen => {
    const known = memo.get(set);
    if (known) return known;
    const rows = rowsOf(set);
    let found: Chosen | undefined;
    if ((set & (set - 1)) === 0) found = { order: 31 - Math.clz32(set), rows, cost: 0 };
    // Each way to part the set in two, once: the first leaf is always on the left.
    else
      for (let left = (set - 1) & set; left > 0; left = (left - 1) & set) {
        if ((left & -left) !== (set & -set)) continue;
        const right = set & ~left;
        const isLinked = links.some((each) => within(each.set, set) && !within(each.set, left) && !within(each.set, right));
        const [one, other] = [best(left), best(right)];
        const cost = one.cost + other.cost + one.rows + other.rows + rows + (isLinked ? 0 : one.rows * other.rows * leaves.length);
        if (!found || cost < found.cost) found = { order: [one.order, other.order], rows, cost };
      }
    memo.set(set, found as Chosen);
    return found as Chosen;
  };
  return best((1 << leaves.length) - 1).order;
}

const starts = (leaves: readonly Plan[]): number[] =>
  leaves.map((_, at) => leaves.slice(0, at).reduce((sum, { columns }) => sum + columns.length, 0));

/** Joins relations in an order; their columns stand as in the text. */
function inOrder({ leaves, conditions, position }: Block, columns: Plan['columns'], order: JoinOrder): Plan {
  const from = starts(leaves);
  const open = new Set(conditions);
  const take = (places: readonly number[]): Expr[] => {
    const own = new Map(places.map((place, at) => [place, at]));
    const found = [...open].filter((condition) => {
      const read = [...columnsIn(condition)];
      return read.length > 0 && read.every((place) => own.has(place));
    });
    for (const each of found) open.delete(each);
    return found.map((each) => moved(each, (place) => own.get(place) as number));
  };
  const build = (of: JoinOrder): { readonly plan: Plan; readonly places: readonly number[] } => {
    if (typeof of === 'number') {
      const plan = leaves[of] as Plan;
      const places = plan.columns.map((_, place) => (from[of] as number) + place);
      return { plan: filtered(plan, and(take(places))), places };
    }
    const [left, right] = [build(of[0]), build(of[1])];
    const places = [...left.places, ...right.places];
    return { plan: joined('inner', left.plan, right.plan, take(places), position), places };
  };
  const { plan, places } = build(order);
  const whole = filtered(plan, and([...open].map((each) => moved(each, (place) => places.indexOf(place)))));
  const all = allOf(columns);
  return {
    ...{ kind: 'map', input: whole, where: undefined, columns },
    outputs: all.map((output, place) => moved(output, () => places.indexOf(place))),
  };
}

/** The order of the text: each relation behind all before it. */
const asWritten = (order: JoinOrder, count: number): boolean =>
  count === 1 ? order === 0 : typeof order !== 'number' && order[1] === count - 1 && asWritten(order[0], count - 1);

/** Orders in the order in which their joins are met, from the outside in. */
export type Orders = readonly JoinOrder[];

/** Lets three relations and more be joined in the order that costs least, or as it was chosen before. */
export function reordered(plan: Plan, by: Statistics | Orders): { readonly plan: Plan; readonly orders: Orders } {
  const estimates = 'rows' in by ? new Estimates(by) : undefined;
  const given = 'rows' in by ? [] : [...by];
  const orders: JoinOrder[] = [];
  const visit = (each: Plan): Plan => {
    const block = blockOf(each);
    const count = block.leaves.length;
    if (count < 3 || count > joinedLeavesMax) return within(each);
    const leafOf = block.leaves.flatMap((leaf, at) => leaf.columns.map(() => at));
    const order = estimates ? cheapest(block, leafOf, estimates) : given.shift();
    if (order === undefined) return within(each);
    orders.push(order);
    const leaves = block.leaves.map(within);
    return asWritten(order, count) ? inPlace(each, leaves) : inOrder({ ...block, leaves }, each.columns, order);
  };
  /** The plan with what is below it in order; it is no block itself. */
  const within = (each: Plan): Plan => {
    if (each.kind === 'join' || each.kind === 'temporal') return { ...each, left: visit(each.left), right: visit(each.right) };
    if (each.kind === 'union') return { ...each, inputs: each.inputs.map(visit) };
    return 'input' in each ? ({ ...each, input: visit(each.input) } as Plan) : each;
  };
  return { plan: visit(plan), orders };
}

/** Whether there is an order to weigh in a plan. */
export function isWeighed(plan: Plan): boolean {
  const count = blockOf(plan).leaves.length;
  return (count > 2 && count <= joinedLeavesMax) || inputsOf(plan).some(isWeighed);
}

/** A block as it was, with its leaves in order. */
function inPlace(plan: Plan, leaves: readonly Plan[]): Plan {
  const rest = [...leaves];
  const put = (each: Plan): Plan => {
    if (each.kind === 'map' && isFilter(each) && each.input.kind === 'join') return { ...each, input: put(each.input) };
    if (each.kind !== 'join' || each.how !== 'inner') return rest.shift() as Plan;
    const left = put(each.left);
    return { ...each, left, right: put(each.right) };
  };
  return put(plan);
}
