import type { Estimates } from './estimate.ts';
import type { Expr } from './expression.ts';
import { partRelation } from './part.ts';
import { appends, type Bound, type Closing, inputsOf, type Order, type Plan } from './plan.ts';
import { routineOf } from './routine.ts';
import { printPattern } from './row-pattern.ts';
import { type Column, printValue } from './value.ts';

const quoted = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

/** An expression in words; columns without a name are told by their number. */
function worded(expr: Expr, columns: readonly Column[]): string {
  const inner = (arg: Expr | undefined): string => (arg ? worded(arg, columns) : '');
  switch (expr.kind) {
    case 'column':
      return columns[expr.place]?.name ? quoted(columns[expr.place]?.name ?? '') : `#${expr.place + 1}`;
    case 'constant':
      return expr.value === null ? 'NULL' : `'${(printValue(expr.type, expr.value) ?? '').replaceAll("'", "''")}'::${expr.type}`;
    case 'parameter':
      return `$${expr.place + 1}`;
    case 'and':
    case 'or':
      return `(${expr.args.map(inner).join(expr.kind === 'and' ? ' AND ' : ' OR ')})`;
    case 'isNull':
      return `(${inner(expr.args[0])} IS NULL)`;
    case 'same':
      return `(${inner(expr.args[0])} IS NOT DISTINCT FROM ${inner(expr.args[1])})`;
    case 'case': {
      const pairs = Array.from(
        { length: (expr.args.length - 1) / 2 },
        (_, at) => `WHEN ${inner(expr.args[at * 2])} THEN ${inner(expr.args[at * 2 + 1])}`,
      );
      return `CASE ${pairs.join(' ')} ELSE ${inner(expr.args.at(-1))} END`;
    }
    case 'call': {
      const [name = ''] = expr.operation.split(':');
      if (name === 'routine') return routined(expr.args, inner);
      if (name === 'cast') return `${inner(expr.args[0])}::${expr.type}`;
      if (name === 'not') return `(NOT ${inner(expr.args[0])})`;
      if (/^\w/.test(name)) return `${name}(${expr.args.map(inner).join(', ')})`;
      return expr.args.length === 1 ? `(${name}${inner(expr.args[0])})` : `(${expr.args.map(inner).join(` ${name} `)})`;
    }
  }
}

/** A call of a function in another language, whose definition is its first argument. */
function routined([definition, ...args]: readonly Expr[], inner: (arg: Expr) => string): string {
  const known = definition?.kind === 'constant' ? routineOf(String(definition.value)) : undefined;
  return `${quoted(known?.name ?? '')}(${args.map(inner).join(', ')})`;
}

const list = (exprs: readonly Expr[], columns: readonly Column[]) => exprs.map((expr) => worded(expr, columns)).join(', ');

const ordered = (order: readonly Order[], columns: readonly Column[]) =>
  order.map(({ expr, isDown }) => `${worded(expr, columns)}${isDown ? ' DESC' : ''}`).join(', ');

/** By when rows are forgotten. */
const until = (closing: Closing | undefined, columns: readonly Column[], what = 'State') =>
  closing ? [`${what}: until the watermark has passed ${worded(closing.by, columns)}${behind(closing.bound)}`] : [];

function behind(bound: Bound): string {
  const lateness = Math.max(...bound.map((term) => term.lateness));
  return lateness > 0 ? ` by ${printValue('interval', { months: 0, days: 0, micros: lateness })}` : '';
}

/** What a node of a plan does, in lines. */
export function headOf(plan: Plan): string[] {
  switch (plan.kind) {
    case 'scan':
      return scanned(plan);
    case 'emit':
      return ['Emit On Close', ...until(plan.closing, plan.columns, 'Rows')];
    case 'retain':
      return ['Retain', ...until(plan.closing, plan.columns, 'Rows')];
    case 'one':
      return ['One Row'];
    case 'series':
      return [`Series: ${list(plan.args, [])}`];
    case 'map': {
      const { columns } = plan.input;
      const outputs = `Output: ${list(plan.outputs, columns)}`;
      return ['Pipeline', ...(plan.where ? [`Filter: ${worded(plan.where, columns)}`] : []), outputs];
    }
    case 'unnest': {
      const { columns } = plan.input;
      return [
        `Unnest${plan.outer ? ' left' : ''}: ${list(plan.lists, columns)}`,
        ...(plan.on ? [`Filter: ${worded(plan.on, plan.columns)}`] : []),
      ];
    }
    case 'window':
      return [`Window ${plan.how}`, `Time: ${worded({ kind: 'column', type: 'timestamp', place: plan.time }, plan.input.columns)}`];
    case 'session':
      return [
        'Window session',
        `Partition: ${list(plan.partition, plan.input.columns)}`,
        `Gap: ${worded(plan.gap, plan.input.columns)}`,
        ...(plan.closing ? [`State: until the watermark has passed the end${behind(plan.closing.bound)}`] : []),
      ];
    case 'group':
      return grouped(plan);
    case 'join': {
      const pairs = plan.leftKeys.map(
        (key, at) => `${worded(key, plan.left.columns)} = ${worded(plan.rightKeys[at] as Expr, plan.right.columns)}`,
      );
      const rest = plan.residual ? [`Join Filter: ${worded(plan.residual, plan.columns)}`] : [];
      return [
        `${pairs.length > 0 ? 'Hash' : 'Nested'} Join ${plan.how}`,
        ...(pairs.length > 0 ? [`Condition: ${pairs.join(' AND ')}`] : []),
        ...rest,
        ...until(plan.closing?.left, plan.left.columns, 'Left State'),
        ...until(plan.closing?.right, plan.right.columns, 'Right State'),
      ];
    }
    case 'temporal': {
      const [left, right] = [plan.left.columns, plan.right.columns];
      const pairs = plan.leftKeys.map((key, at) => `${worded(key, left)} = ${worded(plan.rightKeys[at] as Expr, right)}`);
      return [
        ...[`Temporal Join ${plan.how}`, `Condition: ${pairs.join(' AND ')}`],
        `As Of: ${worded(plan.time, left)}, by ${worded(plan.version, right)}`,
        ...(plan.residual ? [`Join Filter: ${worded(plan.residual, plan.columns)}`] : []),
        ...(plan.closing ? [`Rows: when the watermark has passed ${worded(plan.time, left)}${behind(plan.closing.bound)}`] : []),
      ];
    }
    case 'lookup':
      return lookedUp(plan);
    case 'over': {
      const { columns } = plan.input;
      const most = plan.limit === undefined ? [] : [`Limit: ${plan.limit} of each partition`];
      return [
        'Rank',
        `Partition: ${list(plan.partition, columns)}`,
        `Order: ${ordered(plan.order, columns)}`,
        ...most,
        ...until(plan.closing, columns),
      ];
    }
    case 'match':
      return matched(plan);
    case 'union':
      return ['Append'];
  }
}

const kept = { table: 'table', view: 'view', source: 'relation elsewhere' } as const;

function lookedUp(plan: Extract<Plan, { kind: 'lookup' }>): string[] {
  const { input, of, keys, residual, closing, how } = plan;
  const pairs = keys.map((key, at) => `${worded(key, input.columns)} = ${quoted(of.columns[of.places[at] ?? 0]?.name ?? '')}`);
  return [
    ...[`Lookup Join ${how}`, `Of: the ${kept[of.kind]} ${quoted(of.name)}, as it is when a row comes`],
    `Condition: ${pairs.join(' AND ')}`,
    ...(residual ? [`Join Filter: ${worded(residual, plan.columns)}`] : []),
    ...(appends(input) ? ['State: none, since rows only come'] : closing ? until(closing, input.columns) : ['State: until rows go']),
  ];
}

function scanned(plan: Extract<Plan, { kind: 'scan' }>): string[] {
  const by = plan.watermark && plan.columns[plan.watermark.place];
  if (plan.relation === partRelation) return [`Shared with ${quoted(plan.name)}`];
  return [`Scan ${quoted(plan.name)}`, ...(by ? [`Watermark: ${quoted(by.name)}`] : [])];
}

function grouped(plan: Extract<Plan, { kind: 'group' }>): string[] {
  const { columns } = plan.input;
  const calls = plan.aggregates.map(({ name, arg, distinct, filter }) => {
    const of = arg ? `${distinct ? 'DISTINCT ' : ''}${worded(arg, columns)}` : '*';
    return `${name}(${of})${filter ? ` FILTER (${worded(filter, columns)})` : ''}`;
  });
  const keys = plan.keys.length > 0 ? [`Group Key: ${list(plan.keys, columns)}`] : [];
  return [
    plan.aggregates.length > 0 ? 'Aggregate' : 'Distinct',
    ...keys,
    ...(calls.length > 0 ? [`Output: ${calls.join(', ')}`] : []),
    ...until(plan.closing, plan.columns),
  ];
}

/** Variables without quotes are told in upper case. */
const labelled = (name: string) => (/^[A-Z_][A-Z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

function matched({ match, closing, input }: Extract<Plan, { kind: 'match' }>): string[] {
  const { columns } = input;
  const [first] = match.order;
  const ends = closing?.ends && `Rows: when the watermark has passed ${worded(closing.ends, columns)}${behind(closing.bound)}`;
  const passes = first && `Rows: when the watermark has passed ${worded(first.expr, columns)}${behind(closing?.bound ?? [])}`;
  const within = match.within === undefined ? [] : [`Within: ${printValue('interval', { months: 0, days: 0, micros: match.within })}`];
  return [
    `Match ${match.shown === 'one' ? 'one row' : 'all rows'}`,
    ...(match.partition.length > 0 ? [`Partition: ${list(match.partition, columns)}`] : []),
    ...(first ? [`Order: ${ordered(match.order, columns)}`] : []),
    `Pattern: ${printPattern(match.pattern, (label) => labelled(match.names[label] ?? ''))}`,
    ...within,
    ...(closing ? [ends ?? passes ?? ''] : []),
  ];
}

const counted = (value: number): string => String(Math.round(value));

/**
 * A plan as lines, each input below what takes it, with the rows that are expected of it and what it costs with all below it;
 * `apart` says of parts who else carries them out, each with all below it.
 */
export function explain(plan: Plan, estimates: Estimates, apart: ReadonlyMap<Plan, string> = new Map(), depth = 0): string[] {
  const [named = '', ...heads] = headOf(plan);
  const by = apart.get(plan);
  const more = by === undefined ? heads : [...heads, `${by}, with all below`];
  const { rows, cost } = estimates.of(plan);
  const head = `${named} (rows=${counted(rows)} cost=${counted(cost)})`;
  const indent = depth === 0 ? '' : `${' '.repeat(depth * 6 - 4)}->  `;
  const below = ' '.repeat(depth * 6 + 2);
  return [
    `${indent}${head}`,
    ...more.map((line) => `${below}${line}`),
    ...inputsOf(plan).flatMap((input) => explain(input, estimates, apart, depth + 1)),
  ];
}
