import { column, columnsIn, conjuncts, type Expr, mapColumns, shifted } from './expression.ts';
import { filtered, joined, type Plan } from './plan.ts';

type Of<K extends Plan['kind']> = Extract<Plan, { kind: K }>;
type Parts = { readonly below: readonly Expr[]; readonly above: readonly Expr[] };

const and = (exprs: readonly Expr[]): Expr | undefined => (exprs.length > 1 ? { kind: 'and', type: 'bool', args: exprs } : exprs[0]);
const over = (plan: Plan, above: readonly Expr[]): Plan => filtered(plan, and(above));

function parted(conditions: readonly Expr[], isBelow: (place: number) => boolean): Parts {
  const isIn = (condition: Expr) => {
    const places = [...columnsIn(condition)];
    return places.length > 0 && places.every(isBelow);
  };
  return { below: conditions.filter(isIn), above: conditions.filter((each) => !isIn(each)) };
}

/** Whether a map gives out the rows of its input as they are. */
export const isFilter = (plan: Plan): boolean =>
  plan.kind === 'map' &&
  plan.outputs.length === plan.input.columns.length &&
  plan.outputs.every(
    (output, place) => output.kind === 'column' && output.place === place && plan.columns[place] === plan.input.columns[place],
  );

/** The plan with each condition asked as near to the relations as it can be: below windows, joins, unions and groups. */
export function pushedDown(plan: Plan, conditions: readonly Expr[] = []): Plan {
  switch (plan.kind) {
    case 'scan':
    case 'one':
    case 'series':
      return over(plan, conditions);
    case 'map':
      return mapped(plan, conditions);
    case 'join':
      return sided(plan, conditions);
    case 'window':
    case 'unnest':
    case 'lookup':
    case 'group':
    case 'over': {
      const keys = plan.kind === 'group' ? plan.keys : plan.kind === 'over' ? plan.partition : [];
      const isKey = (place: number) =>
        plan.kind === 'window' || plan.kind === 'unnest' || plan.kind === 'lookup'
          ? place < plan.input.columns.length
          : plan.kind === 'group'
            ? place < keys.length
            : keys.some((key) => key.kind === 'column' && key.place === place);
      const { below, above } = parted(conditions, isKey);
      const asked = plan.kind === 'group' ? below.map((each) => mapColumns(each, (place) => keys[place] as Expr)) : below;
      return over({ ...plan, input: pushedDown(plan.input, asked) }, above);
    }
    case 'union':
      return { ...plan, inputs: plan.inputs.map((input) => pushedDown(input, conditions)) };
    case 'temporal':
      return over({ ...plan, left: pushedDown(plan.left), right: pushedDown(plan.right) }, conditions);
    default:
      return over({ ...plan, input: pushedDown(plan.input) }, conditions);
  }
}

function mapped(plan: Of<'map'>, conditions: readonly Expr[]): Plan {
  const asked = [...conjuncts(plan.where), ...conditions.map((each) => mapColumns(each, (place) => plan.outputs[place] as Expr))];
  if (isFilter(plan)) return pushedDown(plan.input, asked);
  const input = pushedDown(plan.input, asked);
  // A filter right below a map is part of it.
  return input.kind === 'map' && isFilter(input)
    ? { ...plan, input: input.input, where: input.where }
    : { ...plan, input, where: undefined };
}

function sided(plan: Of<'join'>, conditions: readonly Expr[]): Plan {
  const width = plan.left.columns.length;
  const [toLeft, toRight] = [plan.how === 'inner' || plan.how === 'left', plan.how === 'inner' || plan.how === 'right'];
  const ofLeft = parted(conditions, (place) => toLeft && place < width);
  const ofRight = parted(ofLeft.above, (place) => toRight && place >= width);
  const left = pushedDown(plan.left, ofLeft.below);
  const right = pushedDown(
    plan.right,
    ofRight.below.map((each) => shifted(each, -width)),
  );
  if (plan.how !== 'inner') return over({ ...plan, left, right }, ofRight.above);
  // What is asked of both sides is a condition of the join.
  return { ...joined('inner', left, right, [...onOf(plan), ...ofRight.above], plan.position), columns: plan.columns };
}

/** The conditions of a join, over the columns of both sides. */
export function onOf({ left, leftKeys, rightKeys, residual }: Of<'join'>): Expr[] {
  const equal = leftKeys.map((key, at): Expr => {
    const other = shifted(rightKeys[at] as Expr, left.columns.length);
    return { kind: 'call', type: 'bool', operation: `=:${key.type},${other.type}`, args: [key, other] };
  });
  return [...equal, ...conjuncts(residual)];
}

/** An expression over columns that stand elsewhere. */
export const moved = (expr: Expr, to: (place: number) => number): Expr => mapColumns(expr, (place, type) => column(type, to(place)));
