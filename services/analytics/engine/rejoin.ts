import { type Cut, hashesIn, joinedAgain } from '../domain/part.ts';
import type { Plan } from '../domain/plan.ts';
import { type CircuitEntry, nodesIn } from './circuit.ts';
import { watermarkEntries } from './watermark.ts';

type Owner = { readonly plan: Plan; readonly entries: readonly CircuitEntry[] };
/** A view that reads a part of another, and what it remembers of the rest of its plan. */
type Reader = { readonly plan: Plan; readonly cut: Cut; readonly entries: readonly CircuitEntry[] };

/** What a view remembers that computes all of its plan by itself, from what it and another remember that computed a part of it. */
export const rejoined = (owner: Owner, { plan, cut, entries }: Reader): CircuitEntry[] => [
  ...moved(owner, plan, cut),
  ...kept(entries, plan, cut),
];

/** The nodes of a plan by what they compute. */
function placesIn(plan: Plan): Map<string, number> {
  const hashes = hashesIn(plan);
  const found = new Map<string, number>();
  for (const [at, node] of nodesIn(plan).entries()) {
    const hash = hashes.get(node) ?? '';
    if (!found.has(hash)) found.set(hash, at);
  }
  return found;
}

/** What one plan remembers of a part, as what another does. */
function moved({ plan: from, entries }: Owner, to: Plan, { part }: Cut): CircuitEntry[] {
  const own = placesIn(to);
  const names = new Map([...placesIn(from)].map(([hash, at]) => [at, hash]));
  const parts = new Set(hashesIn(part).values());
  return entries.flatMap(([at, key, written]): CircuitEntry[] => {
    if (at === watermarkEntries) return [[at, key, written]];
    const hash = names.get(at);
    return hash !== undefined && parts.has(hash) ? [[own.get(hash) as number, key, written]] : [];
  });
}

/** What is remembered of the rest of a plan, as what all of it does. */
function kept(entries: readonly CircuitEntry[], to: Plan, { rest, part }: Cut): CircuitEntry[] {
  const own = placesIn(to);
  const places = nodesIn(rest).map((node) => {
    const whole = joinedAgain(node, part);
    return own.get(hashesIn(whole).get(whole) ?? '');
  });
  return entries.map(([at, key, written]): CircuitEntry => [at < 0 ? at : (places[at] as number), key, written]);
}
