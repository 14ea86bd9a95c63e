import type { Statement } from '#seams/sql/sql.ts';
import { type Fields, textOf, type Thing } from '../domain/json.ts';
import { endedReview, newReview, type ReviewEnd } from '../domain/review.ts';
import { assessmentIn } from '../domain/risk.ts';
import { type Desk, eventsOf, type Told, type World } from './world.ts';

/** A charge that came in, and its review where a rule wants one: `named` says of it on the payment and on the charge. */
type Reviewed = { readonly named: Fields; readonly statements: readonly Statement[]; readonly told: readonly Told[] };

/** Opens a review of a charge that was let in with that. `input` is the step's, which has what was decided. */
export async function reviewOf(world: World, desk: Desk, charge: Thing, input: Fields): Promise<Reviewed> {
  if (assessmentIn(input)?.action !== 'review') return { named: {}, statements: [], told: [] };
  const review = newReview({ id: desk.ids('prv'), created: desk.created, charge });
  const statements = [await world.objects.insertion(desk.at, review)];
  return { named: { review: review.id }, statements, told: [['review.opened', review]] };
}

/** Ends the review of a charge, if one is open, because of what became of the charge. */
export async function reviewEnded(world: World, desk: Desk, charge: Thing, end: ReviewEnd): Promise<Statement[]> {
  const kept = await world.objects.get(desk.at, 'review', textOf(charge.review) ?? '');
  if (kept?.thing.open !== true) return [];
  const next = endedReview(kept.thing, end);
  return [await world.objects.change(desk.at, kept, next), ...(await eventsOf(world, desk, [['review.closed', next]]))];
}
