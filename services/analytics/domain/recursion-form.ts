import type { CommonTableExpr, Node, SelectStmt } from 'libpg-query';
import { notBuilt, StatementError } from '#engine/pgwire/statement-error.ts';
import { hasAggregate } from './aggregate.ts';
import type { Context } from './context.ts';

/** Where in a recursive term a name must not stand. */
type Place = 'its non-recursive term' | 'a subquery' | 'an outer join' | 'INTERSECT' | 'EXCEPT';
type Found = {
  readonly name: string;
  readonly location: number | undefined;
  readonly place: Place | undefined;
  readonly level: SelectStmt;
};

const wrong = (message: string, position?: number) => new StatementError('42P19', message, position);

/** The names of relations in a tree that no WITH within it gives, and where each stands. */
function* namesIn(node: unknown, place: Place | undefined, hidden: ReadonlySet<string>, level: SelectStmt): Generator<Found> {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const each of node) yield* namesIn(each, place, hidden, level);
    return;
  }
  for (const [kind, of] of Object.entries(node)) {
    if (kind === 'RangeVar') {
      const { relname = '', schemaname, location } = of as { relname?: string; schemaname?: string; location?: number };
      if (schemaname === undefined && !hidden.has(relname)) yield { name: relname, location, place, level };
    } else if (kind === 'SelectStmt') yield* namesInSelect(of as SelectStmt, place, hidden);
    else if (kind === 'SubLink') {
      const { subselect, testexpr } = of as { subselect?: Node; testexpr?: Node };
      yield* namesIn(subselect, 'a subquery', hidden, level);
      yield* namesIn(testexpr, place, hidden, level);
    } else if (kind === 'JoinExpr') yield* namesInJoin(of as Join, place, hidden, level);
    else yield* namesIn(of, place, hidden, level);
  }
}

type Join = { readonly jointype?: string; readonly larg?: Node; readonly rarg?: Node; readonly quals?: Node };

function* namesInJoin({ jointype, larg, rarg, quals }: Join, place: Place | undefined, hidden: ReadonlySet<string>, level: SelectStmt) {
  const outer = place ?? 'an outer join';
  yield* namesIn(larg, jointype === 'JOIN_RIGHT' || jointype === 'JOIN_FULL' ? outer : place, hidden, level);
  yield* namesIn(rarg, jointype === 'JOIN_LEFT' || jointype === 'JOIN_FULL' ? outer : place, hidden, level);
  yield* namesIn(quals, place, hidden, level);
}

function* namesInSelect(select: SelectStmt, place: Place | undefined, hidden: ReadonlySet<string>): Generator<Found> {
  const { withClause, op, all, larg, rarg, ...rest } = select;
  const within = new Set(hidden);
  if (withClause?.recursive) for (const { ctename = '' } of exprsOf(withClause.ctes)) within.add(ctename);
  for (const { ctename = '', ctequery } of exprsOf(withClause?.ctes)) {
    yield* namesIn(ctequery, place, within, select);
    within.add(ctename);
  }
  const ofLeft = (op === 'SETOP_INTERSECT' && all ? 'INTERSECT' : op === 'SETOP_EXCEPT' && all ? 'EXCEPT' : undefined) as Place | undefined;
  const ofRight = op === 'SETOP_EXCEPT' ? 'EXCEPT' : ofLeft;
  if (larg) yield* namesInSelect(larg, place ?? ofLeft, within);
  if (rarg) yield* namesInSelect(rarg, place ?? ofRight, within);
  yield* namesIn(rest, place, within, select);
}

const exprsOf = (ctes: readonly Node[] = []): CommonTableExpr[] =>
  ctes.flatMap((node) => ('CommonTableExpr' in node ? [node.CommonTableExpr] : []));

const none: ReadonlySet<string> = new Set();
const namesOf = (node: unknown, place?: Place): Found[] => [...namesIn(node, place, none, {} as SelectStmt)];

/** What WITH RECURSIVE names, each behind those that it reads; those are recursive that read themselves. */
export function inTheirOrder(ctes: readonly Node[]): { readonly cte: CommonTableExpr; readonly isRecursive: boolean }[] {
  const all = exprsOf(ctes);
  const names = new Set(all.map(({ ctename = '' }) => ctename));
  if (names.size < all.length) throw new StatementError('42712', `WITH query name "${twiceIn(all)}" specified more than once`);
  const reads = new Map(
    all.map(({ ctename = '', ctequery }) => [ctename, new Set(namesOf(ctequery).flatMap(({ name }) => (names.has(name) ? [name] : [])))]),
  );
  const found: CommonTableExpr[] = [];
  const open = [...all];
  while (open.length > 0) {
    const isReady = ({ ctename = '' }: CommonTableExpr) =>
      [...(reads.get(ctename) ?? [])].every((name) => name === ctename || found.some((each) => each.ctename === name));
    const at = open.findIndex(isReady);
    if (at < 0) throw new StatementError('0A000', 'mutual recursion between WITH items is not implemented');
    found.push(...open.splice(at, 1));
  }
  return found.map((cte) => ({ cte, isRecursive: reads.get(cte.ctename ?? '')?.has(cte.ctename ?? '') ?? false }));
}

const twiceIn = (all: readonly CommonTableExpr[]): string =>
  all.find(({ ctename }, at) => all.findIndex((each) => each.ctename === ctename) < at)?.ctename ?? '';

/** The two sides of a recursive query, as PostgreSQL's rules have them. Throws StatementError: 42P19, or 0A000 for what is not built. */
export function recursionIn({ ctename = '', ctequery, search_clause, cycle_clause }: CommonTableExpr, at: Context['at']) {
  if (search_clause) throw notBuilt('SEARCH of WITH RECURSIVE');
  if (cycle_clause) throw notBuilt('CYCLE of WITH RECURSIVE');
  if (!ctequery || !('SelectStmt' in ctequery)) throw wrong(`recursive query "${ctename}" must not contain data-modifying statements`);
  const select = ctequery.SelectStmt;
  const { op, larg, rarg, withClause, sortClause, limitCount, limitOffset, lockingClause, all = false } = select;
  if (op !== 'SETOP_UNION' || !larg || !rarg)
    throw wrong(`recursive query "${ctename}" does not have the form non-recursive-term UNION [ALL] recursive-term`);
  const own = (node: unknown, place?: Place) => namesOf(node, place).filter(({ name }) => name === ctename);
  const [known, again] = [own([{ SelectStmt: larg }], 'its non-recursive term'), own([{ SelectStmt: rarg }])];
  for (const { place, location } of [...own(withClause?.ctes, 'a subquery'), ...known, ...again])
    if (place) throw wrong(`recursive reference to query "${ctename}" must not appear within ${place}`, at(location));
  const [first, second] = again;
  if (second) throw wrong(`recursive reference to query "${ctename}" must not appear more than once`, at(second.location));
  const { level } = first as Found;
  if (hasAggregate([level.targetList, level.havingClause, level.sortClause]))
    throw wrong(`aggregate functions are not allowed in a recursive query's recursive term`, at(first?.location));
  for (const [what, clause] of Object.entries({
    'ORDER BY': sortClause,
    OFFSET: limitOffset,
    LIMIT: limitCount,
    'FOR UPDATE/SHARE': lockingClause,
  }))
    if (clause) throw new StatementError('0A000', `${what} in a recursive query is not implemented`);
  return { first: larg, again: rarg, isDistinct: !all, withClause };
}
