import { createHash } from 'node:crypto';
import { appends, inputsOf, type Plan, withInputs } from './plan.ts';

/** The number under which a plan reads a part that another view computes; relations count from 1. */
export const partRelation = 0n;

/**
 * What parts of a plan compute, as hashes: they are equal where the same is computed of the same relations, whatever columns are
 * called and whichever text it came from.
 */
export function hashesIn(plan: Plan, found = new Map<Plan, string>()): Map<Plan, string> {
  const inputs = inputsOf(plan).map((input) => hashesIn(input, found).get(input));
  const own = withInputs(plan, (input) => ({ kind: 'one', columns: input.columns }));
  const text = JSON.stringify([plan.kind === 'scan' ? { ...own, name: '' } : own, inputs], exactly);
  return found.set(plan, createHash('sha256').update(text).digest('hex'));
}

/** Values that JSON has no words for keep their difference; names of columns and places in the text are left out. */
export function exactly(key: string, value: unknown): unknown {
  if (key === 'position') return undefined;
  if (key === 'columns' && Array.isArray(value)) return value.map(({ type }: { type: string }) => type);
  if (typeof value === 'bigint') return { bigint: String(value) };
  if (Object.is(value, -0)) return { number: '-0' };
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
  return value;
}

/** A plan in two: the part that another view computes, and what is left, which reads that part as a relation. */
export type Cut = { readonly hash: string; readonly part: Plan; readonly rest: Plan };

/** Cuts a plan where a part has some hash; undefined where it has none, or where the rest reads relations of its own. */
export function cutAt(plan: Plan, hash: string, owner: string, hashes = hashesIn(plan)): Cut | undefined {
  let part: Plan | undefined;
  let isAlone = true;
  const without = (each: Plan): Plan => {
    if (hashes.get(each) === hash) {
      part ??= each;
      return { kind: 'scan', relation: partRelation, name: owner, columns: each.columns, appends: appends(each) };
    }
    if (each.kind === 'scan') isAlone = false;
    return withInputs(each, without);
  };
  const rest = without(plan);
  return part && isAlone ? { hash, part, rest } : undefined;
}

/** What is left of a plan with the part in its place again. */
export const joinedAgain = (rest: Plan, part: Plan): Plan =>
  rest.kind === 'scan' && rest.relation === partRelation
    ? { ...part, columns: rest.columns }
    : withInputs(rest, (input) => joinedAgain(input, part));

/** Whether something is remembered to compute a plan. */
export const isStateful = (plan: Plan): boolean =>
  !['scan', 'one', 'map', 'window', 'unnest', 'series', 'union'].includes(plan.kind) || inputsOf(plan).some(isStateful);
