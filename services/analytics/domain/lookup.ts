import type { Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { functionName } from './bind.ts';
import { conjunction, type Expr } from './expression.ts';
import { textIn } from './name.ts';
import { inputsOf, type Looked, type Plan } from './plan.ts';
import { onOf } from './push-down.ts';
import type { Item } from './scope.ts';

/** A relation that can be asked for rows by their values, as a statement names it. */
export type Askable = Omit<Looked, 'places'>;

/** Cannot be looked up now. It is not the row's fault: a view waits until it can. */
export class Unreachable extends StatementError {}

type Beside = { readonly plans: readonly Plan[]; readonly items: readonly Item[] };

/** Whether a moment is that at which a row is processed: PROCTIME(), or the column that a source of what stands before says is that. */
export function isProcessing(node: Node | undefined, { plans, items }: Beside = { plans: [], items: [] }): boolean {
  if (node && 'FuncCall' in node) return functionName(node.FuncCall) === 'proctime' && !node.FuncCall.args;
  const path = node && 'ColumnRef' in node ? (node.ColumnRef.fields ?? []).map(textIn) : [];
  const [name, of] = [path.at(-1), path.length > 1 ? path.at(-2) : undefined];
  const known = items.filter((item) => of === undefined || item.name === of);
  return name !== undefined && known.some(({ from }) => scanAt(plans, from)?.proctime === name);
}

/** The relation whose rows stand at a place of plans side by side. */
function scanAt(plans: readonly Plan[], place: number): Extract<Plan, { kind: 'scan' }> | undefined {
  let own = place;
  for (const plan of plans) {
    if (own < plan.columns.length) {
      if (plan.kind === 'scan') return plan;
      const output = plan.kind === 'map' ? plan.outputs[own] : undefined;
      return scanAt(inputsOf(plan), output?.kind === 'column' ? output.place : own);
    }
    own -= plan.columns.length;
  }
  return undefined;
}

const widening = /^cast:int[248],int[48]$/;

/** The column that an expression is, or is as a wider whole number, which is the same number. */
function placeOf(expr: Expr): number | undefined {
  if (expr.kind === 'column') return expr.place;
  const [inner] = expr.kind === 'call' && widening.test(expr.operation) ? expr.args : [];
  return inner && placeOf(inner);
}

/** A join by what the right side is when a row of the left comes; its equal columns are what it is asked by. */
export function lookupOf(plain: Extract<Plan, { kind: 'join' }>, of: Askable): Plan {
  const { how, left, position, columns, leftKeys, rightKeys } = plain;
  if (how !== 'inner' && how !== 'left')
    throw notBuilt(`A ${how.toUpperCase()} JOIN with FOR SYSTEM_TIME AS OF PROCTIME()`, position);
  const pairs = rightKeys.map((key, at) => ({ place: placeOf(key), at }));
  const asked = pairs.filter(({ place }) => place !== undefined);
  if (asked.length === 0)
    throw new StatementError(
      sqlstates.notBuilt,
      `FOR SYSTEM_TIME AS OF PROCTIME() needs a column of "${of.name}" that is equal to something of what stands before it, ` +
        'by which its rows are asked for',
      position,
    );
  const rest = pairs.filter(({ place }) => place === undefined);
  const others = { ...plain, leftKeys: rest.map(({ at }) => leftKeys[at] as Expr), rightKeys: rest.map(({ at }) => rightKeys[at] as Expr) };
  return {
    ...{ kind: 'lookup', how, input: left, columns, position },
    of: { ...of, places: asked.map(({ place }) => place as number) },
    keys: asked.map(({ at }) => leftKeys[at] as Expr),
    residual: conjunction(onOf(others)),
  };
}
