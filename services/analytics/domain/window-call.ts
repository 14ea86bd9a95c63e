import type { FuncCall, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { bind, functionName } from './bind.ts';
import { settled } from './bound.ts';
import { type Context, relationNamed } from './context.ts';
import { call as applied, column, constant, type Expr } from './expression.ts';
import { fixedLength } from './interval.ts';
import { countWindowsMax } from './limits.ts';
import { textIn } from './name.ts';
import { allOf, type Plan } from './plan.ts';
import { Scope } from './scope.ts';
import type { Column } from './value.ts';

/** The functions that give windows of a relation, which they name as if it were a column. */
export const windowNames: readonly string[] = ['tumble', 'hop', 'cumulate', 'session', 'count_window'];

/**
 * TUMBLE(t, time, size), HOP(t, time, step, size), CUMULATE(t, time, step, size), SESSION(t, keys..., time, gap),
 * COUNT_WINDOW(t, keys..., order, size [, step]).
 */
export function windowed(call: FuncCall, context: Context): { readonly plan: Plan; readonly name: string } {
  const how = functionName(call);
  const [of, ...args] = call.args ?? [];
  const path = of && 'ColumnRef' in of ? (of.ColumnRef.fields ?? []).map(textIn) : [];
  if (!windowNames.includes(how) || path.length !== 1) throw notBuilt(`The function ${how} in FROM`, context.at(call.location));
  const name = path[0] ?? '';
  const input = relationNamed(context, name, call.location);
  const asked = { input, name, args, call, context };
  return { name, plan: how === 'session' ? sessionOf(asked) : how === 'count_window' ? countOf(asked) : slices(how, asked) };
}

type Asked = {
  readonly input: Plan;
  readonly name: string;
  readonly args: readonly Node[];
  readonly call: FuncCall;
  readonly context: Context;
};

function within(input: Plan, name: string, context: Context) {
  const scope = new Scope([{ name, columns: input.columns, from: 0, merged: new Set() }]);
  return (node: Node | undefined) =>
    bind(node, { columnOf: (path, at) => scope.columnOf(path, at), params: context.params, at: context.at });
}

function timeOf(input: Plan, name: string, node: Node | undefined, context: Context): Extract<Expr, { kind: 'column' }> {
  const time = within(input, name, context)(node);
  if (time.kind !== 'column' || (time.type !== 'timestamp' && time.type !== 'timestamptz'))
    throw new StatementError(sqlstates.typeWrong, 'a window needs a column of the type timestamp');
  return time;
}

const withWindow = (input: Plan, { type }: Expr): Column[] => [
  ...input.columns,
  { name: 'window_start', type },
  { name: 'window_end', type },
];

function slices(how: string, { input, name, args, call, context }: Asked): Plan {
  const wanted = how === 'tumble' ? 2 : 3;
  if (args.length !== wanted)
    throw new StatementError(sqlstates.functionMissing, `${how} takes ${wanted + 1} arguments`, context.at(call.location));
  const time = timeOf(input, name, args[0], context);
  const [first = 0, second] = args.slice(1).map((node) => {
    const length = within(input, name, context)(node);
    const expr = length.kind === 'open' ? length.take('interval') : length;
    if (expr.kind !== 'constant' || expr.type !== 'interval' || expr.value === null) throw notBuilt('A window without a constant length');
    return fixedLength(expr.value as Parameters<typeof fixedLength>[0], 'a window');
  });
  const [size, step] = [second ?? first, first];
  if (size % step !== 0) throw new StatementError('22023', 'the size of a window must be a multiple of its step');
  const { place } = time;
  return { kind: 'window', how: how as 'hop', input, time: place, size, step, columns: withWindow(input, time) };
}

function sessionOf({ input, name, args, call, context }: Asked): Plan {
  if (args.length < 2) throw new StatementError(sqlstates.functionMissing, 'session takes at least 3 arguments', context.at(call.location));
  const time = timeOf(input, name, args.at(-2), context);
  const bound = within(input, name, context)(args.at(-1));
  const gap = bound.kind === 'open' ? bound.take('interval') : bound;
  if (gap.type !== 'interval') throw new StatementError(sqlstates.typeWrong, 'the gap of a session is an interval');
  const partition = args.slice(0, -2).map((node) => {
    const key = within(input, name, context)(node);
    return key.kind === 'open' ? key.take('text') : key;
  });
  const position = context.at(call.location);
  return { kind: 'session', input, partition, time: column(time.type, time.place), gap, columns: withWindow(input, time), position };
}

/** The literal number of an argument; undefined where it is none. */
const numberIn = (node: Node | undefined): number | undefined =>
  node && 'A_Const' in node && node.A_Const.ival ? (node.A_Const.ival.ival ?? 0) : undefined;

const whole = (value: number): Expr => constant('int8', value);

/**
 * Rows of a partition by their numbers in an order: a window begins with the first row and with every `step` behind it, and has
 * `size` rows; its start and end are the numbers of its first and last.
 */
function countOf({ input, name, args, call, context }: Asked): Plan {
  const position = context.at(call.location);
  const [last, before] = [numberIn(args.at(-1)), numberIn(args.at(-2))];
  const size = before ?? last;
  const step = before === undefined ? size : last;
  const by = args.slice(0, before === undefined ? -1 : -2).map((node) => settled(within(input, name, context)(node), 'text'));
  const order = by.at(-1);
  if (!order || size === undefined || step === undefined)
    throw new StatementError(
      sqlstates.functionMissing,
      'count_window(t, keys..., order, size [, step]) has two numbers at its end',
      position,
    );
  if (step < 1 || size < step || size / step > countWindowsMax)
    throw new StatementError(
      '22023',
      `a window has at least as many rows as its step, and at most ${countWindowsMax} times as many`,
      position,
    );
  const ordered = [{ expr: order, isDown: false, nullsFirst: false }];
  const numbered: Plan = {
    ...{ kind: 'over', input, partition: by.slice(0, -1), order: ordered, rankings: [{ name: 'row_number', type: 'int8' }] },
    ...{ limit: undefined, columns: [...input.columns, { name: 'row_number', type: 'int8' }], position },
  };
  const columns: Column[] = [...input.columns, { name: 'window_start', type: 'int8' }, { name: 'window_end', type: 'int8' }];
  const number = column('int8', input.columns.length);
  const op = (sign: string, left: Expr, right: Expr) => applied(`${sign}:int8,int8`, 'int8', left, right);
  // The start of the last window that the row may lie in, counted from 0, and of those before it.
  const latest = op('*', op('/', op('-', number, whole(1)), whole(step)), whole(step));
  const inputs = Array.from({ length: Math.ceil(size / step) }, (_, back): Plan => {
    const start = op('-', latest, whole(back * step));
    const isWithin: Expr = {
      ...{ kind: 'and', type: 'bool' },
      args: [applied('>=:int8,int8', 'bool', start, whole(0)), applied('<=:int8,int8', 'bool', number, op('+', start, whole(size)))],
    };
    const outputs = [...allOf(input.columns), op('+', start, whole(1)), op('+', start, whole(size))];
    return { kind: 'map', input: numbered, where: isWithin, outputs, columns };
  });
  return inputs.length === 1 ? (inputs[0] as Plan) : { kind: 'union', inputs, columns };
}
