import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Closed } from './closing.ts';
import { placesShown } from './match.ts';
import { appends, type Bound, type Match, type Plan } from './plan.ts';
import { later, rising } from './rising.ts';
import { hasPart, leastRows, mostRows } from './row-pattern.ts';

type MatchPlan = Extract<Plan, { kind: 'match' }>;

/** Notes by what time rows are matched: as the watermark passes them, or whole partitions when it has passed these. */
export function matchClosing(plan: MatchPlan, { plan: input, times, isStream }: Closed): Closed {
  const { match, position } = plan;
  const own = { ...plan, input };
  for (const [place, expr] of match.partition.entries()) {
    const bound = rising(expr, times);
    if (bound) return { plan: { ...own, closing: { bound, ends: expr } }, times: new Map([[place, bound]]), isStream };
  }
  if (!isStream) return { plan: own, times: new Map(), isStream };
  const [first] = match.order;
  const bound = first && !first.isDown ? rising(first.expr, times) : undefined;
  const endless = bound ? endlessOf(match) : 'the rows of a pattern: its ORDER BY does not begin with the time of the watermark, and they';
  if (!bound || endless)
    throw new StatementError(
      '0A000',
      `${endless} would have to be remembered for ever, because rows of a source with a watermark never end: give the pattern a WITHIN, ` +
        "partition by a window's time, or say how long rows count: CREATE MATERIALIZED VIEW ... WITH (retention = '7 days')",
      position,
    );
  return {
    plan: { ...own, input: growing(input, first?.expr, bound, position), closing: { bound } },
    times: timesOf(plan, bound),
    isStream,
  };
}

/** Rows that may change until the watermark has passed them wait until then. */
function growing(
  input: Plan,
  by: MatchPlan['match']['order'][number]['expr'] | undefined,
  bound: Bound,
  position: number | undefined,
): Plan {
  if (appends(input) || !by) return input;
  if (bound.some(({ lateness }) => lateness > 0))
    throw new StatementError(
      '0A000',
      'rows that a pattern has matched cannot be taken back, as the lateness of their source would',
      position,
    );
  return { kind: 'emit', input, columns: input.columns, closing: { by, bound } };
}

/** What a match would need for ever, if anything. */
function endlessOf({ pattern, within, partition, before, ahead, isNumbered }: Match): string | undefined {
  if (hasPart(pattern, 'end')) return 'partitions, of which $ asks for the end,';
  const most = mostRows(pattern);
  if (within === undefined && !Number.isFinite(most)) return 'the rows of a match that may go on';
  if (partition.length === 0) return undefined;
  if (within === undefined && most > 1) return 'matches that have begun, in each partition,';
  if (before > 0) return 'rows before a match, which PREV asks for, in each partition,';
  if (ahead > 0) return 'rows of each partition that wait for the one that NEXT asks for';
  if (isNumbered) return 'how many matches there were in each partition';
  return hasPart(pattern, 'start') ? 'partitions, of which ^ asks for the beginning,' : undefined;
}

/** The columns of what is found whose times go on with the watermark, less the longest that a match takes. */
function timesOf({ match, columns, input }: MatchPlan, bound: Bound): Map<number, Bound> {
  const found = new Map<number, Bound>();
  const [first] = match.order;
  if (match.within === undefined || match.ahead > 0 || first?.expr.kind !== 'column') return found;
  const { place } = first.expr;
  const behind = later(bound, -match.within).map((term) => ({ ...term, strict: false }));
  const shown = placesShown(match, input.columns.length);
  const begin = shown.indexOf(-1);
  if (shown.includes(place)) found.set(shown.indexOf(place) + (shown.indexOf(place) > begin ? match.measures.length - 1 : 0), behind);
  match.measures.forEach(({ expr, reads }, at) => {
    const read = expr.kind === 'column' ? reads[expr.place] : undefined;
    // Others may be NULL.
    const isSure = read?.kind === 'row' && read.of === undefined && read.offset === 0 && !match.unmatched && leastRows(match.pattern) > 0;
    if (!isSure || read.shift !== 0 || read.expr.kind !== 'column' || read.expr.place !== place) return;
    if (columns[begin + at]?.type === first.expr.type) found.set(begin + at, behind);
  });
  return found;
}
