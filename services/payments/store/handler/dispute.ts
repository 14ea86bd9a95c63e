import { arguedDispute, decided, isUndecided } from '../../domain/dispute.ts';
import { type Fields, fieldsOf, merged, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { refuse } from '../fault.ts';
import type { Kept } from '../object.ts';
import { paymentBehind } from '../payment.ts';
import { found, writtenDesk } from '../world.ts';
import { checkEvidence } from './file.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'dispute';

function assertUndecided({ thing }: Kept): void {
  if (!isUndecided(thing))
    throw refuse('StateInvalid', `This dispute has a status of ${thing.status}: nothing can be said to it any more.`);
}

/** The decision of the simulated network, as a step of the payment. */
async function decide({ world, desk, id }: Request, intent: string, step: string, outcome: string): Promise<void> {
  const input: Fields = { dispute: id, outcome, desk: writtenDesk(desk) };
  await world.steps.take(desk.at, { id: step, kind: 'decide', subject: intent, input });
}

async function update(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const step = desk.ids('step');
  const submitted = input.evidence != null && input.submit !== false;
  await checkEvidence(request, fieldsOf(input.evidence));
  const intent = paymentBehind(await found(world, desk.at, kind, id));
  return world.steps.on(desk.at, intent, async () => {
    if (desk.again && (await world.steps.wasTaken(desk.at, step))) return (await found(world, desk.at, kind, id)).thing;
    const change = (kept: Kept) => {
      if (input.evidence != null) assertUndecided(kept);
      const argued = arguedDispute(kept.thing, fieldsOf(input.evidence), submitted);
      const status = submitted ? String(argued.status).replace('needs_response', 'under_review') : (argued.status ?? null);
      return { next: { ...argued, status, metadata: merged(kept.thing.metadata, input.metadata) } };
    };
    const next = await changed(world, desk, kind, id, change, 'charge.dispute.updated');
    const isInquiry = String(next.status).startsWith('warning');
    const outcome = submitted ? decided(fieldsOf(next.evidence), isInquiry) : undefined;
    if (outcome === undefined) return next;
    await decide(request, intent, step, outcome);
    return (await found(world, desk.at, kind, id)).thing;
  });
}

async function close(request: Request): Promise<Thing> {
  const { world, desk, id } = request;
  const step = desk.ids('step');
  const intent = paymentBehind(await found(world, desk.at, kind, id));
  return world.steps.on(desk.at, intent, async () => {
    const done = desk.again && (await world.steps.wasTaken(desk.at, step));
    const kept = await found(world, desk.at, kind, id);
    if (done) return kept.thing;
    assertUndecided(kept);
    await decide(request, intent, step, 'lost');
    return (await found(world, desk.at, kind, id)).thing;
  });
}

export const disputeHandlers = (world: Request['world']) =>
  handlersOf(world, {
    GetDispute: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListDisputes: ({ world, desk, input }) => {
      const filters = { charge: 'charge = ?', payment_intent: 'payment_intent = ?' };
      return listed(world.objects, desk.at, kind, pageOf(input, filters), '/v1/disputes');
    },
    UpdateDispute: update,
    CloseDispute: close,
  }) satisfies Partial<All>;
