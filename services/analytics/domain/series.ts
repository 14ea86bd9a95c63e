import type { FuncCall } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { bind } from './bind.ts';
import { type Bound, converted, oneType, settled } from './bound.ts';
import type { Context } from './context.ts';
import type { Plan } from './plan.ts';
import { isImplicit } from './cast.ts';
import { type Type, nameOfType } from './value.ts';

/** `generate_series(first, last [, step])` of constants and parameters, as a relation of one column of that name. */
export function seriesOf(call: FuncCall, name: string, { params, at }: Context): Plan {
  const place = at(call.location);
  const columnOf = (): never => {
    throw notBuilt('generate_series of columns', place);
  };
  const bounds = (call.args ?? []).map((node) => bind(node, { params, at, columnOf }));
  const missing = () => {
    const types = bounds.map((bound) => (bound.kind === 'open' ? 'unknown' : nameOfType(bound.type)));
    return new StatementError(sqlstates.functionMissing, `function generate_series(${types.join(', ')}) does not exist`, place);
  };
  const [first, last, step] = bounds;
  if (!first || !last || bounds.length > 3 || bounds.every(({ kind }) => kind === 'open')) throw missing();
  const own = oneType([first, last]);
  const isTimed = own === 'date' || own?.startsWith('timestamp');
  const type = isTimed ? timedOf(own as Type) : wholeOf(step ? [first, last, step] : [first, last]);
  if (type === 'numeric') throw notBuilt('generate_series of the type numeric', place);
  const by: Bound | undefined = step ?? (isTimed ? undefined : { kind: 'constant', type: 'int4', value: 1 });
  const stepType = isTimed ? 'interval' : type;
  if (!type || !stepType || !by) throw missing();
  const args = [settled(first, type), settled(last, type), settled(by, stepType)] as const;
  if (!isImplicit(args[2].type, stepType)) throw missing();
  return {
    kind: 'series',
    input: { kind: 'one', columns: [] },
    args: [converted(args[0], type), converted(args[1], type), converted(args[2], stepType)],
    columns: [{ name, type }],
  };
}

const timedOf = (type: Type): Type => (type === 'timestamp' ? type : 'timestamptz');

function wholeOf(bounds: readonly Bound[]): Type | undefined {
  const type = oneType(bounds);
  if (type === 'int2') return 'int4';
  return type === 'int4' || type === 'int8' || type === 'numeric' ? type : undefined;
}
