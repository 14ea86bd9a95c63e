import { appends, type Plan, withInputs } from './plan.ts';

/** A view's plan in which what needs only be near is so, where rows only come: it remembers a few thousand bytes, and no values. */
export function approximate(plan: Plan): Plan {
  const made = withInputs(plan, approximate);
  if (made.kind !== 'group' || !made.aggregates.some(({ isNear }) => isNear) || !appends(made.input)) return made;
  const aggregates = made.aggregates.map((each) =>
    each.isNear ? ({ ...each, name: 'approx_count_distinct', distinct: false } as const) : each,
  );
  return { ...made, aggregates };
}
