import { column, type Expr } from '../../domain/expression.ts';
import { allOf, inputsOf, type Plan } from '../../domain/plan.ts';
import type { Column } from '../../domain/value.ts';

/**
 * By the values of which columns rows lie with workers: of none, all lie with the first one. Undefined: anywhere.
 */
export type Lies = readonly number[] | undefined;

/** What an operator asks of an input: that rows which are alike in some keys meet; undefined: nothing. */
export type Wish = readonly Expr[] | undefined;

/** The keys by which rows of each input have to lie together for an operator. */
export function wishesOf(plan: Plan, inputs: readonly Lies[]): Wish[] {
  switch (plan.kind) {
    case 'group':
      return [plan.keys];
    case 'over':
    case 'session':
      return [plan.partition];
    case 'join':
    case 'temporal':
      return [plan.leftKeys, plan.rightKeys];
    case 'emit':
    case 'retain':
      // A row that goes has to meet itself.
      return [inputs[0]?.map((place) => column(plan.columns[place]?.type ?? 'text', place)) ?? allOf(plan.columns)];
    default:
      return inputsOf(plan).map(() => undefined);
  }
}

const placesOf = (exprs: readonly Expr[], from = 0): Lies =>
  exprs.every(({ kind }) => kind === 'column') ? exprs.map((expr) => (expr.kind === 'column' ? expr.place + from : -1)) : undefined;

/** Where rows lie that come out of an operator. */
export function liesOf(plan: Plan, inputs: readonly Lies[]): Lies {
  switch (plan.kind) {
    case 'one':
    case 'series':
      return [];
    case 'map':
      return moved(inputs[0], plan.outputs);
    case 'window':
    case 'unnest':
      return inputs[0];
    case 'group':
      return plan.keys.map((_, at) => at);
    case 'over':
    case 'session':
      return placesOf(plan.partition);
    case 'join':
      // Rows without a partner have NULL in the keys of the other side.
      if (plan.how === 'full') return plan.leftKeys.length === 0 ? [] : undefined;
      return plan.how === 'right' ? placesOf(plan.rightKeys, plan.left.columns.length) : placesOf(plan.leftKeys);
    case 'temporal':
      return placesOf(plan.leftKeys);
    case 'emit':
    case 'retain':
      return inputs[0] ?? plan.columns.map((_, at) => at);
    default:
      return undefined;
  }
}

/** Where columns stand behind a map that some of them go through. */
function moved(lies: Lies, outputs: readonly Expr[]): Lies {
  const places = lies?.map((place) => outputs.findIndex((output) => output.kind === 'column' && output.place === place));
  return places?.every((place) => place >= 0) ? places : undefined;
}

/** Whether rows that lie so need not move. */
export const isMet = (lies: Lies, wish: Wish): boolean => {
  if (!wish) return true;
  const places = placesOf(wish);
  return lies !== undefined && places !== undefined && places.length === lies.length && places.every((place, at) => place === lies[at]);
};

/** The columns and keys that tell of an entry with which worker it lies. */
export function keysOfEntry(plan: Plan, wishes: readonly Wish[], name: string): { columns: readonly Column[]; keys: readonly Expr[] } {
  if (plan.kind === 'group')
    return { columns: plan.keys.map(({ type }) => ({ name: '', type })), keys: plan.keys.map(({ type }, at) => column(type, at)) };
  const [left, right] = inputsOf(plan);
  const isRight = right !== undefined && name.startsWith('r');
  return { columns: (isRight ? right : left)?.columns ?? plan.columns, keys: wishes[isRight ? 1 : 0] ?? [] };
}

/** Why workers cannot share a view of this plan; undefined where they can. */
export function unshared(plan: Plan): string | undefined {
  if (plan.kind === 'match') return 'MATCH_RECOGNIZE';
  if (plan.kind === 'lookup') return 'rows that are looked up';
  const calls = (expr: unknown): boolean =>
    typeof expr === 'object' &&
    expr !== null &&
    (('operation' in expr && expr.operation === 'routine') ||
      Object.entries(expr).some(([name, value]) => !['input', 'inputs', 'left', 'right'].includes(name) && calls(value)));
  if (calls(plan)) return 'functions in other languages';
  return inputsOf(plan)
    .map(unshared)
    .find((why) => why !== undefined);
}
