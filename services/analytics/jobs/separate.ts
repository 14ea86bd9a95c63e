import type { Placed } from '#kernel/contract/provider.ts';
import { json, type Statement } from '#seams/sql/sql.ts';
import { type Cut, cutAt } from '../domain/part.ts';
import type { Plan } from '../domain/plan.ts';
import type { CircuitEntry } from '../engine/circuit.ts';
import { rejoined } from '../engine/rejoin.ts';
import { View } from '../engine/view.ts';
import type { Relation } from '../store/relation.ts';
import { canShare } from '../store/share.ts';
import type { Commit, Positions } from '../store/state.ts';
import type { Pumped } from './pumped.ts';

type Known = { readonly relation: Relation; readonly plan: Plan; readonly sources: readonly bigint[]; readonly cut: Cut | undefined };

/**
 * Has views compute by themselves what they had of another, which goes on from the last commits of both: none of them is at work.
 * Where all leave, one of them is who the others have it of from then on. Answers those that are by themselves now.
 */
export async function separate(pumped: Pumped, at: Placed, owner: Relation, leaving: ReadonlySet<bigint>): Promise<Relation[]> {
  const { relations, states, plans } = pumped;
  const now = await relations.byId(at, owner.id);
  const sharers = await relations.sharers(at, owner.id);
  if (!now) return [];
  const known = await Promise.all(sharers.map((relation) => knownOf(pumped, at, relation, owner.name)));
  const going = known.filter(({ relation }) => leaving.has(relation.id));
  const ownerPlan = (await plans.of(at, now)).plan;
  const isWritten = now.shape === shapeOf(ownerPlan);
  const able = going.filter(({ relation, cut }) => isWritten && cut && relation.shape === shapeOf(cut.rest));
  const [heir] = going.length === known.length ? able : [];
  const following = heir ? able.filter((each) => each !== heir && each.cut && canFollow(each, each.cut, heir)) : [];
  const entries = able.length > 0 ? await entriesOf(pumped, at, owner.id) : [];
  const positions = await states.positions(at, owner.id);
  const commits: Commit[] = [];
  const statements: Statement[] = following.map(({ relation }) => shared(relation, heir?.relation.id ?? null, relation.part));
  const alone = going.filter((each) => !following.includes(each));
  for (const each of alone) {
    if (able.includes(each) && each.cut) {
      const own = await entriesOf(pumped, at, each.relation.id);
      commits.push(commitOf(each, positions, rejoined({ plan: ownerPlan, entries }, { plan: each.plan, cut: each.cut, entries: own })));
      statements.push(shared(each.relation, null, each.relation.part?.whole === undefined ? null : { ...each.relation.part, hash: '' }));
    } else statements.push(shared(each.relation, null, null));
  }
  await states.commitAfter(at, statements, commits);
  for (const { relation } of going) plans.forget(relation.id);
  return alone.map(({ relation }) => ({ ...relation, shares: null, part: null }));
}

async function knownOf({ plans }: Pumped, at: Placed, relation: Relation, owner: string): Promise<Known> {
  const { plan, sources } = await plans.of(at, relation);
  const cut = relation.part ? cutAt(plan, relation.part.hash, owner) : undefined;
  return { relation, plan, cut, sources: sources.map(({ id }) => id) };
}

const shapeOf = (plan: Plan): string => new View(plan, false).shape;

/** Whether a view can have its part of another that is by itself now. */
const canFollow = ({ plan }: Known, cut: Cut, heir: Known): boolean =>
  canShare(plan, cut, { plan: heir.plan, view: new View(heir.plan, false) });

const shared = ({ id }: Relation, owner: bigint | null, part: Relation['part']): Statement => ({
  text: 'update relation set shares = $2, part = $3 where id = $1',
  params: [id, owner, part ? json(part) : null],
});

async function entriesOf({ states }: Pumped, at: Placed, id: bigint): Promise<CircuitEntry[]> {
  const found: CircuitEntry[] = [];
  await states.load(at, id, (entries) => {
    for (const entry of entries) found.push(entry);
  });
  return found;
}

function commitOf({ relation, plan, sources }: Known, positions: Positions, entries: readonly CircuitEntry[]): Commit {
  const places = sources.flatMap((source) =>
    [...(positions.get(source) ?? [])].map(([partition, next]) => ({ source, partition, next })),
  );
  return {
    ...{ view: relation.id, epoch: relation.epoch, shape: shapeOf(plan), isFresh: true, entries: [], places, more: [] },
    ...{ rows: Number(relation.groups), rejected: Number(relation.rejected), rejection: relation.rejection, all: () => entries },
  };
}
