import type { Node, WindowDef } from 'libpg-query';
import { notBuilt, StatementError } from '#engine/pgwire/statement-error.ts';
import { bind, type Names } from './bind.ts';
import { converted, settled } from './bound.ts';
import { columnsIn, type Expr } from './expression.ts';
import type { Frame, FrameEdge, Order, SlidingFrame } from './plan.ts';
import { isImplicit } from './cast.ts';
import { type Type, nameOfType } from './value.ts';

// PostgreSQL's bits of a frame, and what those from the first row on come to.
const bits = {
  ...{ range: 2, rows: 4, groups: 8 },
  ...{ startFirst: 32, endLast: 256, startRow: 512, endRow: 1024 },
  ...{ startBefore: 2048, endBefore: 4096, startBehind: 8192, endBehind: 16384 },
  ...{ noRow: 32768, noGroup: 65536, noTies: 131072 },
} as const;
const usual = bits.range | bits.startFirst | bits.endRow;

/** How far from a value of each type an offset of RANGE tells. */
const offsetTypes: Readonly<Partial<Record<Type, Type>>> = {
  ...{ int2: 'int8', int4: 'int8', int8: 'int8', numeric: 'numeric', float4: 'float8', float8: 'float8' },
  ...{ date: 'interval', time: 'interval', timestamp: 'interval', timestamptz: 'interval', interval: 'interval' },
};

const wrong = (message: string, at: number | undefined) => new StatementError('42P20', message, at);

/** The rows of a partition that count for each of its rows. */
export function frameOf(over: WindowDef | undefined, order: readonly Order[], names: Names, at: number | undefined): Frame {
  const options = over?.frameOptions ?? usual;
  const has = (bit: number) => (options & bit) !== 0;
  const mode = has(bits.rows) ? 'rows' : has(bits.groups) ? 'groups' : 'range';
  if (mode === 'groups' && order.length === 0) throw wrong('GROUPS mode requires an ORDER BY clause', at);
  const exclude = has(bits.noRow) ? 'row' : has(bits.noGroup) ? 'group' : has(bits.noTies) ? 'ties' : 'none';
  if (has(bits.startFirst) && exclude === 'none') {
    if (has(bits.endLast)) return 'all';
    if (has(bits.endRow)) return mode === 'rows' ? 'row' : 'peers';
  }
  const offsetOf = (node: Node | undefined): Expr => offset(node, mode, order, names, at);
  const start: FrameEdge = has(bits.startBefore)
    ? { at: 'before', offset: offsetOf(over?.startOffset) }
    : has(bits.startBehind)
      ? { at: 'behind', offset: offsetOf(over?.startOffset) }
      : { at: has(bits.startFirst) ? 'end' : 'row' };
  const end: FrameEdge = has(bits.endBefore)
    ? { at: 'before', offset: offsetOf(over?.endOffset) }
    : has(bits.endBehind)
      ? { at: 'behind', offset: offsetOf(over?.endOffset) }
      : { at: has(bits.endLast) ? 'end' : 'row' };
  return { mode, start, end, exclude };
}

function offset(node: Node | undefined, mode: SlidingFrame['mode'], order: readonly Order[], names: Names, at: number | undefined): Expr {
  const [by, ...more] = order;
  if (mode === 'range' && (!by || more.length > 0))
    throw wrong('RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column', at);
  const type = mode === 'range' ? offsetTypes[by?.expr.type as Type] : 'int8';
  if (!type || !node)
    throw new StatementError(
      '0A000',
      `RANGE with offset PRECEDING/FOLLOWING is not supported for column type ${nameOfType(by?.expr.type as Type)}`,
      at,
    );
  const expr = settled(bind(node, names), type);
  if (columnsIn(expr).size > 0) throw new StatementError('42P10', `argument of ${mode.toUpperCase()} must not contain variables`, at);
  if (!isImplicit(expr.type, type)) {
    if (mode !== 'range')
      throw new StatementError('42804', `argument of ${mode.toUpperCase()} must be type bigint, not type ${nameOfType(expr.type)}`, at);
    throw notBuilt(`RANGE of ${nameOfType(by?.expr.type as Type)} by ${nameOfType(expr.type)}`, at);
  }
  return converted(expr, type);
}

/** What a frame reads of rows besides their order: how far it goes before and behind them. */
export const offsetsOf = (frame: Frame | undefined): readonly Expr[] =>
  typeof frame === 'object' ? [frame.start, frame.end].flatMap((edge) => ('offset' in edge ? [edge.offset] : [])) : [];
