import type { Thing } from '../../domain/json.ts';
import { endedReview } from '../../domain/review.ts';
import { changed } from '../change.ts';
import { refuse } from '../fault.ts';
import { paymentBehind } from '../payment.ts';
import { found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'review';

/** Somebody has looked at a payment, and lets it be. */
async function approve({ world, desk, id }: Request): Promise<Thing> {
  const { thing } = await found(world, desk.at, kind, id);
  if (desk.again && thing.closed_reason === 'approved') return thing;
  const charge = await found(world, desk.at, 'charge', String(thing.charge));
  // What else ends a review is a step of its payment.
  return world.steps.on(desk.at, paymentBehind(charge), () => {
    const change = ({ thing: review }: { thing: Thing }) => {
      if (review.open !== true) throw refuse('StateInvalid', `This review is closed: ${String(review.closed_reason)}.`);
      return { next: endedReview(review, 'approved') };
    };
    return changed(world, desk, kind, id, change, 'review.closed');
  });
}

export const reviewHandlers = (world: World) =>
  handlersOf(world, {
    GetReview: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListReviews: ({ world, desk, input }) => {
      const filters = { open: `body->>'open' = ?`, payment_intent: 'payment_intent = ?' };
      return listed(world.objects, desk.at, kind, pageOf(input, filters), '/v1/reviews');
    },
    ApproveReview: approve,
  }) satisfies Partial<All>;
