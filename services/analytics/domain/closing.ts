import { keepsValues } from './aggregate.ts';
import { notBuilt, StatementError } from '#engine/pgwire/statement-error.ts';
import { column, conjuncts, constant, type Expr, shifted } from './expression.ts';
import { appends, type Bound, type Closing, inputsOf, type Plan, scansIn, withInputs } from './plan.ts';
import { matchClosing } from './match-closing.ts';
import { at as composed, isFixed, meeting, rising } from './rising.ts';
import type { Type } from './value.ts';

/** The columns of a plan by which its rows come in the order of a watermark, as far as they do. */
export type Times = ReadonlyMap<number, Bound>;
export type Closed = { readonly plan: Plan; readonly times: Times /** Whether its rows never end. */; readonly isStream: boolean };

/** What a view says of how its rows come and how long they stay. */
export type Pace = { readonly onClose: boolean /** In microseconds. */; readonly retention: number | undefined };

/**
 * The plan of a view that remembers no more than it needs: what stands behind a source with a watermark is forgotten when the
 * watermark has passed it. What would have to be remembered for ever is refused, unless rows are kept for a time that is said.
 */
export function bounded(plan: Plan, { onClose, retention }: Pace): Plan {
  const isTimed = [...scansIn(plan).values()].some(({ watermark }) => watermark);
  if (retention !== undefined && !isTimed)
    throw new StatementError('0A000', 'a retention needs a source with a watermark, by which the time of its rows is told');
  if (retention !== undefined && onClose) throw notBuilt('EMIT ON WINDOW CLOSE with a retention');
  const { plan: closed } = closing(retention === undefined ? plan : retained(plan, retention));
  const made = onClose ? onClosing(closed) : closed;
  clocksOf(made);
  return made;
}

/** The sources whose watermarks a plan goes by, and how far behind these rows may be. */
export function clocksOf(plan: Plan, found = new Map<bigint, number>()): Map<bigint, number> {
  for (const { relation, lateness } of boundsOf(plan).flat()) {
    const known = found.get(relation);
    if (known !== undefined && known !== lateness) throw notBuilt('One source with two retentions in a view');
    found.set(relation, lateness);
  }
  for (const input of inputsOf(plan)) clocksOf(input, found);
  return found;
}

function boundsOf(plan: Plan): Bound[] {
  if (!('closing' in plan) || !plan.closing) return [];
  return 'left' in plan.closing ? [plan.closing.left.bound, plan.closing.right.bound] : [plan.closing.bound];
}

function retained(plan: Plan, lateness: number): Plan {
  if (plan.kind === 'retain') return plan;
  if (plan.kind === 'scan' && plan.watermark) {
    const { place } = plan.watermark;
    const by = column(plan.columns[place]?.type as Type, place);
    const bound = [{ relation: plan.relation, lateness, at: { ...by, place: 0 }, strict: false }];
    return { kind: 'retain', input: plan, columns: plan.columns, closing: { by, bound } };
  }
  return withInputs(plan, (input) => retained(input, lateness));
}

/** Rows are held back below what is computed of each row alone. */
function onClosing(plan: Plan): Plan {
  if (plan.kind === 'map') return { ...plan, input: onClosing(plan.input) };
  // What a pattern finds behind a watermark comes once and for good.
  if (plan.kind === 'match' && plan.closing) return plan;
  const best = bestOf(closing(plan).times, plan.columns);
  if (!best) throw new StatementError('0A000', `EMIT ON WINDOW CLOSE needs rows with a time: a window over a source with a watermark`);
  return { kind: 'emit', input: plan, columns: plan.columns, closing: best };
}

function bestOf(times: Times, columns: readonly { readonly type: Type }[]): Closing | undefined {
  const all = [...times].map(([place, bound]): Closing => ({ by: column(columns[place]?.type as Type, place), bound }));
  return all.find(({ bound }) => bound.every(({ at, strict }) => strict && at.kind === 'column')) ?? all[0];
}

const unbounded = (what: string, position: number | undefined) =>
  new StatementError(
    '0A000',
    `${what} would have to be remembered for ever, because rows of a source with a watermark never end: ` +
      "group, partition or join by a window's time, or say how long rows count: CREATE MATERIALIZED VIEW ... WITH (retention = '7 days')",
    position,
  );

/** A column of a plan by which its rows come in the order of a watermark. */
export const timeIn = (plan: Plan): Expr | undefined => bestOf(closing(plan).times, plan.columns)?.by;

/** Notes where what is remembered ends. */
function closing(plan: Plan): Closed {
  switch (plan.kind) {
    case 'one':
    case 'series':
      return { plan, times: new Map(), isStream: false };
    case 'scan': {
      if (!plan.watermark) return { plan, times: new Map(), isStream: false };
      const { place, lateness } = plan.watermark;
      const at = column(plan.columns[place]?.type as Type, 0);
      return { plan, times: new Map([[place, [{ relation: plan.relation, lateness, at, strict: false }]]]), isStream: true };
    }
    case 'retain':
      return { plan, times: new Map(), isStream: false };
    case 'emit':
      return { plan, times: new Map([[placeOf(plan.closing.by), plan.closing.bound]]), isStream: true };
    case 'union': {
      const inputs = plan.inputs.map(closing);
      const [first, ...more] = inputs;
      const times = new Map<number, Bound>();
      for (const [place, bound] of first?.times ?? []) {
        const others = more.map((each) => each.times.get(place));
        if (others.every((other) => other !== undefined)) times.set(place, [bound, ...(others as Bound[])].flat());
      }
      return { plan: { ...plan, inputs: inputs.map((each) => each.plan) }, times, isStream: inputs.some(({ isStream }) => isStream) };
    }
    case 'join':
      return joinClosing(plan);
    case 'temporal': {
      const [left, right] = [closing(plan.left), closing(plan.right)];
      const [own, version] = [rising(plan.time, left.times), rising(plan.version, right.times)];
      if (!own || !version)
        throw new StatementError('0A000', 'FOR SYSTEM_TIME AS OF needs the times of watermarks on both sides', plan.position);
      const bound = [...own, ...version];
      const times = new Map(plan.time.kind === 'column' ? [[plan.time.place, bound]] : []);
      return { plan: { ...plan, left: left.plan, right: right.plan, closing: { bound } }, times, isStream: true };
    }
    default:
      return single(plan, closing(plan.input));
  }
}

const placeOf = (expr: Expr) => (expr.kind === 'column' ? expr.place : -1);

/** The times among some expressions over timed columns. */
function timesOf(exprs: readonly Expr[], times: Times): Times {
  const found = new Map<number, Bound>();
  for (const [place, expr] of exprs.entries()) {
    const bound = rising(expr, times);
    if (bound) found.set(place, bound);
  }
  return found;
}

function single(
  plan: Exclude<Plan, { kind: 'one' | 'series' | 'scan' | 'join' | 'temporal' | 'union' | 'emit' | 'retain' }>,
  { plan: input, times, isStream }: Closed,
): Closed {
  switch (plan.kind) {
    case 'map':
      return { plan: { ...plan, input }, times: timesOf(plan.outputs, times), isStream };
    case 'unnest':
      return { plan: { ...plan, input }, times, isStream };
    case 'window': {
      const [bound, width] = [times.get(plan.time), plan.input.columns.length];
      const more = new Map(times);
      if (bound) {
        const start = bound.map((term) => ({ ...term, at: composed(earlier(term.at.type, plan.size), term.at), strict: true }));
        more.set(width, start);
        more.set(
          width + 1,
          bound.map((term) => ({ ...term, strict: true })),
        );
      }
      return { plan: { ...plan, input }, times: more, isStream };
    }
    case 'session': {
      const bound = rising(plan.time, times);
      if (isStream && !bound) throw unbounded('the rows of sessions', plan.position);
      if (!bound) return { plan: { ...plan, input }, times: new Map(), isStream };
      // A session that ends with the watermark is over, where the gap is longer than nothing.
      const strict = isFixed(plan.gap);
      const end = bound.map((term) => ({ ...term, strict: term.strict || strict }));
      return { plan: { ...plan, input, closing: { bound: end } }, times: new Map([[plan.input.columns.length + 1, end]]), isStream };
    }
    case 'group': {
      const keys = timesOf(plan.keys, times);
      const best = bestOf(keys, plan.keys);
      if (isStream && !best && plan.keys.length > 0)
        throw unbounded(plan.aggregates.length > 0 ? 'groups' : 'different rows', plan.position);
      if (isStream && !best && plan.aggregates.some(keepsValues)) throw unbounded('different values', plan.position);
      return { plan: { ...plan, input, ...(best ? { closing: best } : {}) }, times: keys, isStream };
    }
    case 'lookup': {
      // Rows that only come are done with; of others it has to be known what they were joined with.
      if (!isStream || appends(input)) return { plan: { ...plan, input }, times, isStream };
      const best = bestOf(times, input.columns);
      if (!best) throw unbounded('what rows that may change were joined with', plan.position);
      return { plan: { ...plan, input, closing: best }, times, isStream };
    }
    case 'match':
      return matchClosing(plan, { plan: input, times, isStream });
    case 'over': {
      const timed = plan.partition.flatMap((expr) => {
        const bound = rising(expr, times);
        return bound ? [{ by: expr, bound }] : [];
      });
      const [best] = timed;
      const isFew = plan.partition.length === 0 && plan.limit !== undefined;
      if (isStream && !best && !isFew) throw unbounded('the rows of partitions', plan.position);
      const places = new Map(timed.flatMap(({ by, bound }) => (by.kind === 'column' ? [[by.place, bound] as const] : [])));
      return { plan: { ...plan, input, ...(best ? { closing: best } : {}) }, times: places, isStream };
    }
  }
}

const earlier = (type: Type, micros: number): Expr => ({
  ...{ kind: 'call', type, operation: '-:time,interval' },
  args: [column(type, 0), constant('interval', { months: 0, days: 0, micros })],
});

/** Rows of either side are needed while rows of the other may come that they meet. */
function joinClosing(plan: Extract<Plan, { kind: 'join' }>): Closed {
  const [left, right] = [closing(plan.left), closing(plan.right)];
  const whole = { ...plan, left: left.plan, right: right.plan };
  const isStream = left.isStream || right.isStream;
  const width = plan.left.columns.length;
  const found = meeting(plan, left.times, right.times, conjuncts(plan.residual));
  if (!found) {
    if (isStream) throw unbounded('the rows of a join', plan.position);
    return { plan: whole, times: new Map(), isStream };
  }
  const times = new Map<number, Bound>();
  if (plan.how === 'inner' || plan.how === 'left') times.set(placeOf(found.left.by), found.left.bound);
  if (plan.how === 'inner' || plan.how === 'right') times.set(placeOf(shifted(found.right.by, width)), found.right.bound);
  times.delete(-1);
  return { plan: { ...whole, closing: found }, times, isStream };
}
