import { StatementError } from '#engine/pgwire/statement-error.ts';
import { constant, type Expr } from '../domain/expression.ts';
import { offsetsOf } from '../domain/frame.ts';
import type { Plan, Ranking } from '../domain/plan.ts';
import type { Row, Value } from '../domain/value.ts';
import { besideOf, edgesOf, type Parts, partsOf } from './frame.ts';
import { foldOf, runningOf } from './running.ts';
import { Sliding, type Steps } from './sliding.ts';

/** A row with the values that it is ordered by, and behind them those that rankings read. */
export type Ordered = { readonly row: Row; readonly by: readonly Value[] };

const always = constant('bool', true);

/** What a ranking reads of rows: of an aggregate its argument and filter, and how far a frame goes. */
export function readsOf(ranking: Ranking): readonly Expr[] {
  const { aggregate, args } = ranking;
  if (!aggregate && !args) return [];
  return [...(aggregate ? [aggregate.arg ?? always, aggregate.filter ?? always] : (args ?? [])), ...offsetsOf(ranking.frame)];
}

/** Where a row stands: among all, and the place behind the last row beside it; `parts` are the rows of its frame. */
type Place = {
  readonly rows: readonly Ordered[];
  readonly at: number;
  readonly rank: number;
  readonly dense: number;
  readonly peers: number;
  readonly parts: Parts;
};

type Over = Extract<Plan, { kind: 'over' }>;

/** Rows with their ranks and aggregates, in their order; `from` is where the values that rankings read begin. */
export function ranks({ rankings, limit, order }: Over, width: number, from: number, compare: (left: Ordered, right: Ordered) => number) {
  const starts = rankings.map((_, place) => from + rankings.slice(0, place).flatMap(readsOf).length);
  const isPlain = rankings.every(({ aggregate, args }) => !aggregate && !args);
  const slides = rankings.map((ranking, place) => {
    if ((!ranking.aggregate && !ranking.args) || typeof ranking.frame !== 'object') return undefined;
    const own = ranking.aggregate ? 2 : (ranking.args?.length ?? 0);
    return { frame: ranking.frame, order, offsets: (starts[place] as number) + own };
  });
  return (rows: readonly Ordered[]): Row[] => {
    const found: Row[] = [];
    const running = rankings.map(({ aggregate }) => ({ fold: aggregate && runningOf(aggregate), taken: 0 }));
    const steps: Steps = { taken: 0 };
    const sliding = rankings.map(({ aggregate }, place) =>
      aggregate && slides[place] ? new Sliding(foldOf(aggregate), starts[place] as number, steps) : undefined,
    );
    const beside = slides.some((each) => each) ? besideOf(rows, (left, right) => width === 0 || compare(left, right) === 0) : undefined;
    let [rank, dense, peers] = [0, 0, 0];
    for (let at = 0; at < rows.length && (limit === undefined || at < limit); at += 1) {
      const [own, last] = [rows[at] as Ordered, rows[at - 1]];
      if (!last || (width > 0 && compare(last, own) !== 0)) {
        rank = at + 1;
        dense += 1;
      }
      // All that stand beside this row in the order count for it.
      while (!isPlain && peers < rows.length && (width === 0 || compare(rows[peers] as Ordered, own) <= 0)) peers += 1;
      const valueOf = (ranking: Ranking, place: number): Value => {
        const start = starts[place] as number;
        const slide = slides[place];
        if (slide && beside) {
          const parts = partsOf(slide.frame, edgesOf(slide, at, beside), at, beside);
          return (
            sliding[place]?.value(rows, parts) ??
            (ranking.aggregate ? null : placedValue(ranking, start, { rows, at, rank, dense, peers, parts }))
          );
        }
        const frame = ranking.aggregate || ranking.args ? ranking.frame : 'peers';
        const end = frame === 'all' ? rows.length : frame === 'row' ? at + 1 : peers;
        const each = running[place] as (typeof running)[number];
        if (!each.fold) return placedValue(ranking, start, { rows, at, rank, dense, peers, parts: [[0, end]] });
        for (; each.taken < end; each.taken += 1) {
          const { by } = rows[each.taken] as Ordered;
          if (by[start + 1] === true) each.fold.add(by[start] ?? null);
        }
        return each.fold.value();
      };
      found.push([...own.row, ...rankings.map(valueOf)]);
    }
    return found;
  };
}

function placedValue({ name, args = [] }: Ranking, start: number, { rows, at, rank, dense, peers, parts }: Place): Value {
  // What one of its arguments is for a row; NULL where there is no such row.
  const read = (place: number, arg = 0): Value => rows[place]?.by[start + arg] ?? null;
  switch (name) {
    case 'rank':
      return rank;
    case 'dense_rank':
      return dense;
    case 'percent_rank':
      return rows.length === 1 ? 0 : (rank - 1) / (rows.length - 1);
    case 'cume_dist':
      return peers / rows.length;
    case 'ntile':
      return tileOf(read(0) as number | null, at, rows.length);
    case 'first_value':
      return parts[0] ? read(parts[0][0]) : null;
    case 'last_value':
      return parts.length > 0 ? read((parts.at(-1)?.[1] ?? 0) - 1) : null;
    case 'nth_value': {
      const number = read(at, 1) as number | null;
      if (number === null) return null;
      if (number <= 0) throw new StatementError('22016', 'argument of nth_value must be greater than zero');
      return nthOf(parts, number, read);
    }
    case 'lag':
    case 'lead': {
      const offset = args.length > 1 ? (read(at, 1) as number | null) : 1;
      if (offset === null) return null;
      const place = name === 'lag' ? at - offset : at + offset;
      return place >= 0 && place < rows.length ? read(place) : args.length > 2 ? read(at, 2) : null;
    }
    default:
      return at + 1;
  }
}

function nthOf(parts: Parts, number: number, read: (place: number) => Value): Value {
  let left = number;
  for (const [from, to] of parts) {
    if (left <= to - from) return read(from + left - 1);
    left -= to - from;
  }
  return null;
}

/** In which of so many parts, the first of them one longer where they are not equal, a row is, from 1 on. */
function tileOf(parts: number | null, at: number, count: number): number | null {
  if (parts === null) return null;
  if (parts <= 0) throw new StatementError('22014', 'argument of ntile must be greater than zero');
  const size = Math.floor(count / parts);
  const longer = count % parts;
  const within = longer * (size + 1);
  return at < within ? Math.floor(at / (size + 1)) + 1 : longer + Math.floor((at - within) / size) + 1;
}
