import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Correlated } from './correlated.ts';
import type { Askable } from './lookup.ts';
import type { Plan } from './plan.ts';
import type { Recursions } from './recursive.ts';
import type { Type } from './value.ts';

/** What a statement is planned with. */
export type Context = {
  /** The plan of a relation by its name; undefined where there is none. */
  readonly relation: (name: string) => Plan | undefined;
  /** Names that WITH gave, in front of the relations. */
  readonly named: ReadonlyMap<string, Plan>;
  /** The types of the parameters; what is open is set where the statement says it. */
  readonly params: (Type | undefined)[];
  /** The character, from 1, of a place in the text. */
  readonly at: (location: number | undefined) => number | undefined;
  /** A relation as it was at a moment, in microseconds since 1970; where there is none, rows are of no moment. */
  readonly past?: ((plan: Plan, micros: number, at: number | undefined) => Plan) | undefined;
  /** A relation that is asked for rows as it is when they are needed; undefined for those whose rows are there once and for all. */
  readonly asked?: ((name: string) => Askable | undefined) | undefined;
  /** Gathers what WITH RECURSIVE makes; where there is none, nothing is made so. */
  readonly recursions?: Recursions | undefined;
  /** What is seen of a query around this one. */
  readonly correlated?: Correlated | undefined;
};

/** Where a byte of the text stands among its characters, from 1. */
export function placesIn(text: string): Context['at'] {
  const bytes = Buffer.from(text);
  return (location) => (location === undefined || location < 0 ? undefined : bytes.toString('utf8', 0, location).length + 1);
}

export function relationNamed({ named, relation, at }: Context, name: string, location?: number): Plan {
  const found = named.get(name) ?? relation(name);
  if (!found) throw new StatementError(sqlstates.relationMissing, `relation "${name}" does not exist`, at(location));
  return found;
}

/** Where something in a tree first says that it stands. */
export function locationIn(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  if ('location' in node && typeof node.location === 'number' && node.location >= 0) return node.location;
  for (const each of Object.values(node)) {
    const found = locationIn(each);
    if (found !== undefined) return found;
  }
  return undefined;
}
