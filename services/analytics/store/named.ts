import type { SelectStmt } from 'libpg-query';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { asksMoment } from '../domain/moment.ts';
import { viewDepthMax } from './limits.ts';
import type { Seen } from './making.ts';
import type { Needed, Relation, Relations } from './relation.ts';
import { selectOf } from './select.ts';
import type { SqlFunctions } from './sql-function.ts';

/** What a name stands for: a relation of which so many columns are known, and of a plain view its SELECT and what that names. */
export type Meaning = {
  readonly relation: Relation;
  readonly width: number;
  readonly within?: { readonly select: SelectStmt; readonly meanings: ReadonlyMap<string, Meaning> };
};

/** What the names of a statement stand for. */
export type Named = {
  /** What is read in the end, each once, as it is now. */
  readonly relations: readonly Relation[];
  /** By the names that the statement says. */
  readonly meanings: ReadonlyMap<string, Meaning>;
  /** Whether it names what it reads itself, and not by way of plain views. */
  readonly isDirect: boolean;
  /** Whether a plain view within it asks what time it is. */
  readonly asksMoment: boolean;
};

/** Relations under their own names. */
export const direct = (relations: readonly Relation[]): Named => ({
  ...{ relations, isDirect: true, asksMoment: false },
  meanings: new Map(relations.map((relation) => [relation.name, { relation, width: relation.columns.length }])),
});

type With = { readonly relations: Relations; readonly functions: SqlFunctions };

/** Finds what stands behind relations that a statement names. */
export async function meaningsOf(known: With, at: Seen, named: Iterable<Relation>): Promise<Named> {
  const all = [...named];
  if (all.every(({ kind }) => kind !== 'query')) return direct(all);
  const read = new Map<bigint, Relation>();
  const queries = new Map<bigint, NonNullable<Meaning['within']>>();
  const meaning = async ({ relation, width }: Needed, depth: number): Promise<Meaning> => {
    if (relation.kind !== 'query') {
      read.set(relation.id, relation);
      return { relation, width };
    }
    if (depth > viewDepthMax) throw new StatementError(sqlstates.tooComplex, `at most ${viewDepthMax} views stand on each other`);
    const within = queries.get(relation.id) ?? (await inside(relation, depth));
    queries.set(relation.id, within);
    return { relation, width, within };
  };
  const inside = async (query: Relation, depth: number): Promise<NonNullable<Meaning['within']>> => {
    const select = await selectOf(known.functions, at, query);
    const meanings = new Map<string, Meaning>();
    for (const needed of await known.relations.neededAs(at, query.id)) meanings.set(needed.said, await meaning(needed, depth + 1));
    return { select, meanings };
  };
  const meanings = new Map<string, Meaning>();
  for (const relation of all)
    meanings.set(relation.name, await meaning({ said: relation.name, width: relation.columns.length, relation }, 1));
  return {
    ...{ relations: [...read.values()], meanings, isDirect: false },
    asksMoment: [...queries.values()].some(({ select }) => asksMoment(select)),
  };
}
