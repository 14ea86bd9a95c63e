import { conjuncts, type Expr } from './expression.ts';
import { inputsOf, type Plan } from './plan.ts';

/** What is known of relations: their rows, and how many different values a column of one has. */
export type Statistics = {
  rows(relation: bigint): number;
  distinct(relation: bigint, place: number): number;
};

/** Rows that a plan gives out, and what it costs: rows that go into operators and come out of them. */
export type Estimate = { readonly rows: number; readonly cost: number };

const [some, few] = [1 / 3, 0.1];
/** Rows of a series, as PostgreSQL expects them. */
const seriesUsual = 1_000;
/** Elements of an array, as PostgreSQL expects them. */
const elementsUsual = 10;

/** Estimates of plans, each made once. */
export class Estimates {
  readonly #known = new Map<Plan, Estimate>();
  readonly #statistics: Statistics;

  constructor(statistics: Statistics) {
    this.#statistics = statistics;
  }

  of(plan: Plan): Estimate {
    const known = this.#known.get(plan);
    if (known) return known;
    const inputs = inputsOf(plan).map((input) => this.of(input));
    const rows = Math.max(1, this.#rows(plan, inputs));
    const cost = inputs.reduce((sum, input) => sum + input.cost + input.rows, 0) + rows;
    const made = { rows, cost };
    this.#known.set(plan, made);
    return made;
  }

  #rows(plan: Plan, inputs: readonly Estimate[]): number {
    const [first = 1, second = 1] = inputs.map(({ rows }) => rows);
    switch (plan.kind) {
      case 'scan':
        return this.#statistics.rows(plan.relation);
      case 'one':
        return 1;
      case 'series':
        return seriesUsual;
      case 'map':
        return first * this.part(plan.input, plan.where);
      case 'unnest':
        return first * elementsUsual;
      case 'window':
        return first * (plan.size / plan.step);
      case 'group':
        return Math.min(first, this.#product(plan.input, plan.keys));
      case 'join': {
        const matched = first * second * this.#matching(plan);
        const least = plan.how === 'left' ? first : plan.how === 'right' ? second : plan.how === 'full' ? Math.max(first, second) : 0;
        return Math.max(least, matched);
      }
      case 'over':
        return plan.limit === undefined ? first : Math.min(first, plan.limit * this.#product(plan.input, plan.partition));
      case 'union':
        return inputs.reduce((sum, { rows }) => sum + rows, 0);
      case 'match':
        return first * some;
      default:
        return first;
    }
  }

  #product(input: Plan, keys: readonly Expr[]): number {
    return keys.reduce((product, key) => product * this.distinct(input, key), 1);
  }

  #matching({ left, right, leftKeys, rightKeys, residual }: Extract<Plan, { kind: 'join' }>): number {
    const keyed = leftKeys.reduce(
      (part, key, at) => part / Math.max(this.distinct(left, key), this.distinct(right, rightKeys[at] as Expr)),
      1,
    );
    return keyed * some ** conjuncts(residual).length;
  }

  /** The part of rows for which a condition holds. */
  part(input: Plan, where: Expr | undefined): number {
    return conjuncts(where).reduce((part, condition) => {
      if (condition.kind !== 'call') return part * (condition.kind === 'isNull' ? few : some);
      const [left, right] = condition.args;
      if (!condition.operation.startsWith('=:') || !left || !right) return part * some;
      return part / Math.max(this.distinct(input, left), this.distinct(input, right));
    }, 1);
  }

  /** How many different values an expression has over the rows of a plan. */
  distinct(plan: Plan, expr: Expr): number {
    const { rows } = this.of(plan);
    if (expr.kind === 'constant' || expr.kind === 'parameter') return 1;
    if (expr.kind === 'call' && expr.args.length > 0) return Math.min(rows, Math.max(...expr.args.map((arg) => this.distinct(plan, arg))));
    return expr.kind === 'column' ? Math.max(1, Math.min(rows, this.#values(plan, expr.place))) : Math.max(1, rows * few);
  }

  #values(plan: Plan, place: number): number {
    switch (plan.kind) {
      case 'scan':
        return this.#statistics.distinct(plan.relation, place);
      case 'map': {
        const output = plan.outputs[place];
        return output ? this.distinct(plan.input, output) : 1;
      }
      case 'group': {
        const key = plan.keys[place];
        return key ? this.distinct(plan.input, key) : this.of(plan).rows;
      }
      case 'join':
      case 'temporal': {
        const width = plan.left.columns.length;
        return place < width ? this.#values(plan.left, place) : this.#values(plan.right, place - width);
      }
      case 'union':
        return plan.inputs.reduce((sum, input) => sum + this.#values(input, place), 0);
      default: {
        const [input] = inputsOf(plan);
        return input && place < input.columns.length ? this.#values(input, place) : this.of(plan).rows;
      }
    }
  }
}
