import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { column, columnsIn, conjunction, conjuncts, type Expr, shifted } from './expression.ts';
import type { Aggregate } from './aggregate.ts';
import { operatorsMax } from './limits.ts';
import type { RowPattern } from './row-pattern.ts';
import type { Column, Type } from './value.ts';

export type Order = { readonly expr: Expr; readonly isDown: boolean; readonly nullsFirst: boolean };

/** What is answered of other rows of the partition, or of the place of this one among them. */
export type PlaceName = 'lag' | 'lead' | 'first_value' | 'last_value' | 'nth_value' | 'ntile' | 'percent_rank' | 'cume_dist';
/** An edge of a frame: the first or last row, the row itself (with those beside it, unless rows are counted), or so far from it. */
export type FrameEdge = { readonly at: 'end' | 'row' } | { readonly at: 'before' | 'behind'; readonly offset: Expr };
export type SlidingFrame = {
  readonly mode: 'rows' | 'range' | 'groups';
  readonly start: FrameEdge;
  readonly end: FrameEdge;
  /** Which rows of it do not count: the row, with those beside it, or those alone. */
  readonly exclude: 'none' | 'row' | 'group' | 'ties';
};
/** The rows that count; from the first on to the last that stands beside this one in the order, this one, or the last, or others. */
export type Frame = 'peers' | 'row' | 'all' | SlidingFrame;

/** What is computed over the rows of a partition in their order: a rank, what stands at a place, or an aggregate of a frame. */
export type Ranking =
  | {
      readonly name: 'row_number' | 'rank' | 'dense_rank';
      readonly type: 'int8';
      readonly aggregate?: undefined;
      readonly args?: undefined;
    }
  | {
      readonly name: PlaceName;
      readonly type: Type;
      readonly args: readonly Expr[];
      readonly frame: Frame;
      readonly aggregate?: undefined;
    }
  | {
      readonly name: Aggregate['name'];
      readonly type: Type;
      readonly aggregate: Aggregate;
      readonly frame: Frame;
      readonly args?: undefined;
    };

/**
 * What an expression reads of a match, up to the row it is asked at, or of the whole match where it is `final`. `of` are labels,
 * undefined for all; expressions are over a row with its label (text) and the number of the match (int8) behind it.
 */
export type MatchRead =
  /** A value of the first or last row of some labels, or of one so many rows from that. */
  | {
      readonly kind: 'row';
      readonly of: readonly number[] | undefined;
      readonly from: 'first' | 'last';
      /** Counted among the rows of these labels. */
      readonly offset: number;
      /** Counted among all rows of the partition. */
      readonly shift: number;
      readonly expr: Expr;
      readonly final: boolean;
    }
  | { readonly kind: 'aggregate'; readonly of: readonly number[] | undefined; readonly aggregate: Aggregate; readonly final: boolean }
  | { readonly kind: 'number' }
  | { readonly kind: 'timedOut' };
/** An expression whose columns are what is read. */
export type MatchExpr = { readonly reads: readonly MatchRead[]; readonly expr: Expr };

/** What MATCH_RECOGNIZE asks; labels are numbers, `names` are theirs. */
export type Match = {
  readonly partition: readonly Expr[];
  readonly order: readonly Order[];
  readonly names: readonly string[];
  readonly pattern: RowPattern<number>;
  /** By label; rows of one without a condition are any. */
  readonly conditions: readonly (MatchExpr | undefined)[];
  readonly measures: readonly MatchExpr[];
  readonly shown: 'one' | 'all';
  /** Of all rows: whether those of empty matches and of none are shown. */
  readonly empties: boolean;
  readonly unmatched: boolean;
  /** Whether what has begun and cannot be completed in time is shown. */
  readonly timeouts: boolean;
  readonly skip: { readonly to: 'past' | 'next' | 'first' | 'last' /** For the last two. */; readonly of: readonly number[] };
  /** Microseconds that the last row of a match is less than behind the first. */
  readonly within: number | undefined;
  /** Rows before a match, and behind a row, that may be read. */
  readonly before: number;
  readonly ahead: number;
  /** Whether the number of a match is asked for. */
  readonly isNumbered: boolean;
};

/** A relation that is asked for rows by values of some of its columns, when they are needed. */
export type Looked = {
  readonly relation: bigint;
  readonly name: string;
  readonly kind: 'table' | 'view' | 'source';
  readonly columns: readonly Column[];
  /** The columns by which it is asked. */
  readonly places: readonly number[];
};

type Node = { readonly columns: readonly Column[] };

/**
 * How far times have come by the watermark of a source: none comes any more that is before `at` of it, an expression over it
 * alone; `strict`: nor one that is the same. Rows may be `lateness` microseconds behind the watermark.
 */
export type Term = { readonly relation: bigint; readonly lateness: number; readonly at: Expr; readonly strict: boolean };
/** Times that are before all of these are past. */
export type Bound = readonly Term[];
/** Values that go on by steps: from the first, to the last at most, by how much. */
type Series = readonly [first: Expr, last: Expr, step: Expr];

/** Tells by one of its values when what is remembered of rows is needed no more. */
export type Closing = { readonly by: Expr; readonly bound: Bound };

/** What a SELECT computes: for the view that is kept up and for the query that is asked once. */
export type Plan =
  /** The rows of a relation, by its number in the environment. */
  | (Node & {
      readonly kind: 'scan';
      readonly relation: bigint;
      readonly name: string;
      readonly appends: boolean;
      /** The column by which the watermark goes, and how far behind it rows may be, in microseconds. */
      readonly watermark?: { readonly place: number; readonly lateness: number };
      /** What stands for the time at which a row is processed. */
      readonly proctime?: string;
    })
  /** One row without columns. */
  | (Node & { readonly kind: 'one' })
  /** Values that go on by steps, for the one row of the input. */
  | (Node & { readonly kind: 'series'; readonly input: Plan; readonly args: Series })
  /**
   * Each row once for each element of its arrays, which stand side by side behind its columns, and behind them their number where
   * they are counted. `outer`: a row of which no element fulfils `on` comes once, with NULLs.
   */
  | (Node & {
      readonly kind: 'unnest';
      readonly input: Plan;
      readonly lists: readonly Expr[];
      readonly isCounted: boolean;
      readonly outer: boolean;
      /** Over the columns of the input and those behind them. */
      readonly on: Expr | undefined;
    })
  | (Node & { readonly kind: 'map'; readonly input: Plan; readonly where: Expr | undefined; readonly outputs: readonly Expr[] })
  /** Each row once for each window that it lies in, with the window's start and end behind its columns. */
  | (Node & {
      readonly kind: 'window';
      readonly input: Plan;
      readonly how: WindowKind;
      readonly time: number;
      readonly size: number;
      readonly step: number;
    })
  /** Each row with the start and end of its session: rows of a partition that are less than the gap apart. */
  | (Node & {
      readonly kind: 'session';
      readonly input: Plan;
      readonly partition: readonly Expr[];
      readonly time: Expr;
      readonly gap: Expr;
      readonly position?: number | undefined;
      readonly closing?: { readonly bound: Bound };
    })
  | (Node & {
      readonly kind: 'group';
      readonly input: Plan;
      readonly keys: readonly Expr[];
      readonly aggregates: readonly Aggregate[];
      readonly position?: number | undefined;
      /** Over the keys. */
      readonly closing?: Closing;
    })
  | (Node & {
      readonly kind: 'join';
      readonly how: JoinKind;
      readonly left: Plan;
      readonly right: Plan;
      readonly leftKeys: readonly Expr[];
      readonly rightKeys: readonly Expr[];
      /** What must hold besides, over the columns of both. */
      readonly residual: Expr | undefined;
      readonly position?: number | undefined;
      /** Over the columns of each side. */
      readonly closing?: { readonly left: Closing; readonly right: Closing };
    })
  /** Rows with their ranks behind their columns; with a limit those alone whose first rank is within it. */
  | (Node & {
      readonly kind: 'over';
      readonly input: Plan;
      readonly partition: readonly Expr[];
      readonly order: readonly Order[];
      readonly rankings: readonly Ranking[];
      readonly limit: number | undefined;
      readonly position?: number | undefined;
      /** Over the columns of the input; the same for all rows of a partition. */
      readonly closing?: Closing;
    })
  /** Rows of the left beside the last row of their key on the right that is not after their time. */
  | (Node & {
      readonly kind: 'temporal';
      readonly how: 'inner' | 'left';
      readonly left: Plan;
      readonly right: Plan;
      readonly leftKeys: readonly Expr[];
      readonly rightKeys: readonly Expr[];
      readonly residual: Expr | undefined;
      readonly time: Expr;
      readonly version: Expr;
      readonly position?: number | undefined;
      readonly closing?: { readonly bound: Bound };
    })
  /** Rows of the input beside those of a relation that had their keys when they came; what becomes of these later is nothing to them. */
  | (Node & {
      readonly kind: 'lookup';
      readonly how: 'inner' | 'left';
      readonly input: Plan;
      readonly of: Looked;
      /** Over the columns of the input; as many as there are places in `of`. */
      readonly keys: readonly Expr[];
      /** What must hold besides, over the columns of both. */
      readonly residual: Expr | undefined;
      readonly position?: number | undefined;
      /** Over the columns of the input: until when it is remembered what rows that may go were joined with. */
      readonly closing?: Closing;
    })
  /** Rows in their order as a pattern finds them; `ends`: partitions are over when the watermark has passed that time of theirs. */
  | (Node & {
      readonly kind: 'match';
      readonly input: Plan;
      readonly match: Match;
      readonly position?: number | undefined;
      readonly closing?: { readonly bound: Bound; readonly ends?: Expr };
    })
  /** Rows when the watermark has passed their time, as they are then. */
  | (Node & { readonly kind: 'emit'; readonly input: Plan; readonly closing: Closing })
  /** Rows until the watermark has passed their time. */
  | (Node & { readonly kind: 'retain'; readonly input: Plan; readonly closing: Closing })
  | (Node & { readonly kind: 'union'; readonly inputs: readonly Plan[] });

export type WindowKind = 'tumble' | 'hop' | 'cumulate';
export type JoinKind = 'inner' | 'left' | 'right' | 'full';

export const inputsOf = (plan: Plan): readonly Plan[] =>
  plan.kind === 'join' || plan.kind === 'temporal'
    ? [plan.left, plan.right]
    : plan.kind === 'union'
      ? plan.inputs
      : 'input' in plan
        ? [plan.input]
        : [];

/** The plan over other inputs. */
export function withInputs(plan: Plan, to: (input: Plan) => Plan): Plan {
  if (plan.kind === 'join' || plan.kind === 'temporal') return { ...plan, left: to(plan.left), right: to(plan.right) };
  if (plan.kind === 'union') return { ...plan, inputs: plan.inputs.map(to) };
  return 'input' in plan ? { ...plan, input: to(plan.input) } : plan;
}

/** Refuses plans that grow out of hand: a subquery that sees the rows around it has their plan in it. */
export function checkSize(plan: Plan): void {
  const open = [plan];
  for (let count = 1; open.length > 0; count += 1) {
    if (count > operatorsMax) throw new StatementError(sqlstates.tooComplex, `a query has at most ${operatorsMax} operators`);
    open.push(...inputsOf(open.pop() as Plan));
  }
}

/** Whether rows of a plan only come and never go, so that what they were need not be kept. */
export function appends(plan: Plan): boolean {
  switch (plan.kind) {
    case 'scan':
      return plan.appends;
    case 'group':
    case 'session':
    case 'over':
    case 'retain':
      return false;
    case 'match':
      return plan.closing !== undefined;
    case 'temporal':
      return appends(plan.left);
    case 'emit':
      // Rows behind the watermark correct what was given out.
      return plan.closing.bound.every(({ lateness }) => lateness === 0);
    case 'join':
      return plan.how === 'inner' && inputsOf(plan).every(appends);
    default:
      return inputsOf(plan).every(appends);
  }
}

/** Whether any rows of a plan are told by what others were when they came. */
export const looksUp = (plan: Plan): boolean => plan.kind === 'lookup' || inputsOf(plan).some(looksUp);

/** The relations that a plan reads, each once. */
export function scansIn(
  plan: Plan,
  found = new Map<bigint, Extract<Plan, { kind: 'scan' }>>(),
): Map<bigint, Extract<Plan, { kind: 'scan' }>> {
  if (plan.kind === 'scan') found.set(plan.relation, plan);
  for (const input of inputsOf(plan)) scansIn(input, found);
  return found;
}

export const columnsOf = (exprs: readonly Expr[], names: readonly string[]): Column[] =>
  exprs.map(({ type }, at) => ({ name: names[at] ?? '?column?', type }));

export const allOf = (columns: readonly { readonly type: Type }[]): Expr[] => columns.map(({ type }, place) => column(type, place));

/** The rows of a plan for which a condition holds. */
export function filtered(plan: Plan, where: Expr | undefined): Plan {
  if (!where) return plan;
  const limited = conjuncts(where).reduce(withLimit, plan);
  return { kind: 'map', columns: limited.columns, input: limited, where, outputs: allOf(limited.columns) };
}

/** Tells an OVER below what number is the last that is asked for. */
function withLimit(plan: Plan, condition: Expr): Plan {
  if (condition.kind !== 'call') return plan;
  const [left, right] = condition.args;
  if (left?.kind === 'call' && /^cast:int/.test(left.operation))
    return withLimit(plan, { ...condition, args: [left.args[0] as Expr, right as Expr] });
  if (left?.kind !== 'column' || right?.kind !== 'constant' || !/^int/.test(right.type)) return plan;
  const [sign] = condition.operation.split(':');
  const most = sign === '<=' || sign === '=' ? Number(right.value) : sign === '<' ? Number(right.value) - 1 : undefined;
  return most === undefined || most < 0 ? plan : limitedAt(plan, left.place, most);
}

function limitedAt(plan: Plan, place: number, most: number): Plan {
  if (plan.kind === 'map') {
    const output = plan.outputs[place];
    return !plan.where && output?.kind === 'column' ? { ...plan, input: limitedAt(plan.input, output.place, most) } : plan;
  }
  if (plan.kind !== 'over' || plan.rankings[place - plan.input.columns.length]?.name !== 'row_number') return plan;
  // Rows behind the limit still count in aggregates, and in what is asked of other rows.
  if (plan.rankings.some(({ aggregate, args }) => aggregate || args)) return plan;
  return { ...plan, limit: Math.min(plan.limit ?? most, most) };
}

/** Joins two plans on conditions over the columns of both: equal sides become keys. */
export function joined(how: JoinKind, left: Plan, right: Plan, conditions: readonly Expr[], position?: number): Plan {
  const width = left.columns.length;
  const side = (expr: Expr) => {
    const places = [...columnsIn(expr)];
    if (places.length === 0) return undefined;
    return places.every((place) => place < width) ? 'left' : places.every((place) => place >= width) ? 'right' : undefined;
  };
  const leftKeys: Expr[] = [];
  const rightKeys: Expr[] = [];
  const rest: Expr[] = [];
  for (const condition of conditions) {
    const [a, b] = condition.kind === 'call' && condition.operation.startsWith('=:') ? condition.args : [];
    const sides = a && b ? `${side(a)} ${side(b)}` : '';
    if (sides !== 'left right' && sides !== 'right left') {
      rest.push(condition);
      continue;
    }
    const [own, other] = (sides === 'left right' ? [a, b] : [b, a]) as [Expr, Expr];
    leftKeys.push(own);
    rightKeys.push(shifted(other, -width));
  }
  const columns = [...left.columns, ...right.columns];
  return { kind: 'join', how, left, right, leftKeys, rightKeys, residual: conjunction(rest), columns, position };
}
