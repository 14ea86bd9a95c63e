import type { Statement } from '#seams/sql/sql.ts';
import { clocksOf } from '../domain/closing.ts';
import { type Cut, cutAt, hashesIn, isStateful, partRelation } from '../domain/part.ts';
import { inputsOf, type Plan } from '../domain/plan.ts';
import { readsOf, shownOf } from '../domain/wanted.ts';
import { nodesIn } from '../engine/circuit.ts';
import type { View } from '../engine/view.ts';
import type { Relation } from './relation.ts';

/** Has views that read a part of one begin anew. */
export const unwritten = (owner: bigint): Statement => ({ text: 'update relation set shape = null where shares = $1', params: [owner] });

/** A view at work, parts of which others may read. */
export type Sharer = { readonly relation: Relation; readonly plan: Plan; readonly view: View };
/** What a view can have of another instead of computing it itself. */
export type Share = { readonly owner: Relation; readonly cut: Cut };

const isIn = (some: Iterable<number>, all: ReadonlySet<number> | undefined): boolean => [...some].every((each) => all?.has(each));

/**
 * The largest part of a plan that a view computes already, so that the plan reads nothing else; `whole`: only what is all that the
 * other computes. Both have to take the same records: neither may know more columns by which one is refused, or other watermarks.
 */
export function shareIn(plan: Plan, sharers: readonly Sharer[], whole = false): Share | undefined {
  const hashes = hashesIn(plan);
  // What is remembered goes from one to the other by these.
  if (new Set(nodesIn(plan).map((node) => hashes.get(node))).size < nodesIn(plan).length) return undefined;
  const open = [plan];
  for (let part = open.shift(); part; part = open.shift()) {
    const hash = hashes.get(part) ?? '';
    for (const sharer of sharers) {
      const cut = whole && hashesIn(sharer.plan).get(sharer.plan) !== hash ? undefined : cutAt(plan, hash, sharer.relation.name, hashes);
      if (cut && canShare(plan, cut, sharer)) return { owner: sharer.relation, cut };
    }
    open.push(...inputsOf(part));
  }
  return undefined;
}

/** Whether a view can have a part of another, so that it is what it would be by itself. */
export function canShare(plan: Plan, { hash, part, rest }: Cut, other: Omit<Sharer, 'relation'>): boolean {
  const tapped = other.view.partOf(hash);
  if (!tapped || !(tapped.isLast || (isStateful(part) && other.view.isTold(tapped)))) return false;
  const shown = [...shownOf(rest)].flatMap(([each, places]) => (each.kind === 'scan' && each.relation === partRelation ? [...places] : []));
  if (!tapped.isLast && !isIn(shown, tapped.shown)) return false;
  const [own, others] = [clocksOf(plan), clocksOf(other.plan)];
  const isPacedAlike = own.size === others.size && [...own].every(([source, lateness]) => others.get(source) === lateness);
  return isPacedAlike && readsAs(plan, other.plan, false);
}

/** Whether a plan reads no columns but those that another reads of the same relations, or `exactly` those. */
export function readsAs(plan: Plan, other: Plan, exactly: boolean): boolean {
  const known = readsOf(other);
  return [...readsOf(plan)].every(([source, places]) => {
    const all = known.get(source);
    return isIn(places, all) && (!exactly || places.size === all?.size);
  });
}
