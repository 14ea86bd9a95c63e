import { type Plan, scansIn, withInputs } from '../../domain/plan.ts';
import type { Query } from '../../domain/planner.ts';
import type { Row } from '../../domain/value.ts';
import { type First, SelectWriter } from './select.ts';

/** A part of a plan that DuckDB carries out, and the number under which the rest reads its rows. */
export type Part = { readonly plan: Plan; readonly relation: bigint };

/** The numbers of parts, which no relation and no view of a moment has. */
const firstPart = -1_000_000n;

/** The largest parts of a plan that are taken, and the plan that reads their rows in their place. */
export function divided(plan: Plan, isTaken: (plan: Plan) => boolean): { rest: Plan; parts: Part[] } {
  const known = new Map<Plan, Plan>();
  const parts: Part[] = [];
  const without = (of: Plan): Plan => {
    const found = known.get(of);
    if (found) return found;
    let made: Plan;
    if (isTaken(of)) {
      const relation = firstPart - BigInt(parts.length);
      parts.push({ plan: of, relation });
      made = { kind: 'scan', relation, name: 'duckdb', columns: of.columns, appends: true };
    } else made = withInputs(of, without);
    known.set(of, made);
    return made;
  };
  return { rest: without(plan), parts };
}

type Asked = {
  readonly query: Query;
  readonly params: Row;
  /** Whether the rows of a relation can be had, and whether there are so many that DuckDB is asked. */
  readonly isKnown: (relation: bigint) => boolean;
  readonly isLong: (relation: bigint) => boolean;
  /** Whether a column of a relation can lie in DuckDB. */
  readonly isThere: (relation: bigint, place: number) => boolean;
};

/** The parts of a query that DuckDB carries out, what is left, and the rows that are enough where it is all of the query. */
export function partsOf({ query, params, isKnown, isLong, isThere }: Asked) {
  const writer = new SelectWriter({ plan: query.plan, params, tableOf: (relation) => `t${relation}`, isThere });
  const first = firstOf(query, params);
  const isTaken = (plan: Plan): boolean => {
    const own = plan === query.plan ? first : undefined;
    // All rows of a relation as they are would only go there and back.
    if (plan.kind === 'scan' && !own) return false;
    const read = [...scansIn(plan).keys()];
    return read.some(isLong) && read.every(isKnown) && writer.write(plan, own) !== undefined;
  };
  return { ...divided(query.plan, isTaken), first };
}

/** The first rows that a query asks for, where it says how many. */
function firstOf({ order, limit, offset }: Query, params: Row): First | undefined {
  const valueOf = (expr: Query['limit']) =>
    expr?.kind === 'constant' ? expr.value : expr?.kind === 'parameter' ? (params[expr.place] ?? null) : expr && Number.NaN;
  const [most, from = 0] = [valueOf(limit), valueOf(offset)];
  const count = Number(most) + Number(from);
  return typeof most === 'number' && most >= 0 && Number(from) >= 0 && Number.isSafeInteger(count) ? { order, count } : undefined;
}
