import type { FuncCall } from 'libpg-query';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { bind, functionName, type Names } from './bind.ts';
import { type Bound, converted, oneType, settled } from './bound.ts';
import type { Context } from './context.ts';
import { call as called, type Expr } from './expression.ts';
import type { Plan } from './plan.ts';
import { isImplicit } from './cast.ts';
import { arrayOf, type Type, nameOfType } from './value.ts';

export const isSeries = (call: FuncCall): boolean => functionName(call) === 'generate_series';

/** Whether a series may be another for each row. */
export const readsColumns = ({ args }: FuncCall): boolean => JSON.stringify(args ?? []).includes('"ColumnRef"');

/** What goes on by steps. */
type Stepping = 'int4' | 'int8' | 'numeric' | 'timestamp' | 'timestamptz';
type Bounds = { readonly type: Stepping; readonly args: readonly [first: Expr, last: Expr, step: Expr] };

/** `generate_series(first, last [, step])` of constants and parameters, as a relation of one column of that name. */
export function seriesOf(call: FuncCall, name: string, { params, at }: Context): Plan {
  const columnOf = (): never => {
    throw new StatementError(sqlstates.columnMissing, 'a column stands nowhere here', at(call.location));
  };
  const { type, args } = boundsOf(call, { params, at, columnOf });
  return { kind: 'series', input: { kind: 'one', columns: [] }, args, columns: [{ name, type }] };
}

/** The same of columns too, as an array, which is taken apart. */
export function seriesList(call: FuncCall, names: Names): Expr {
  const { type, args } = boundsOf(call, names);
  return called('generate_series', arrayOf(type), ...args);
}

function boundsOf(call: FuncCall, names: Names): Bounds {
  const bounds = (call.args ?? []).map((node) => bind(node, names));
  const missing = () => {
    const types = bounds.map((bound) => (bound.kind === 'open' ? 'unknown' : nameOfType(bound.type)));
    return new StatementError(
      sqlstates.functionMissing,
      `function generate_series(${types.join(', ')}) does not exist`,
      names.at(call.location),
    );
  };
  const [first, last, step] = bounds;
  if (!first || !last || bounds.length > 3 || bounds.every(({ kind }) => kind === 'open')) throw missing();
  const own = oneType([first, last]);
  const isTimed = own === 'date' || own?.startsWith('timestamp');
  const type = isTimed ? timedOf(own as Type) : numberOf(step ? [first, last, step] : [first, last]);
  const by: Bound | undefined = step ?? (isTimed ? undefined : { kind: 'constant', type: 'int4', value: 1 });
  const stepType = isTimed ? 'interval' : type;
  if (!type || !stepType || !by) throw missing();
  const args = [settled(first, type), settled(last, type), settled(by, stepType)] as const;
  if (!isImplicit(args[2].type, stepType)) throw missing();
  return { type, args: [converted(args[0], type), converted(args[1], type), converted(args[2], stepType)] };
}

const timedOf = (type: Type): Stepping => (type === 'timestamp' ? type : 'timestamptz');

function numberOf(bounds: readonly Bound[]): Stepping | undefined {
  const type = oneType(bounds);
  if (type === 'int2') return 'int4';
  return type === 'int4' || type === 'int8' || type === 'numeric' ? type : undefined;
}
