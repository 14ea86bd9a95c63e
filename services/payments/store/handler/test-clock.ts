import type { Placed } from '#kernel/contract/provider.ts';
import type { Thing } from '../../domain/json.ts';
import { advancingClock, arrivedClock, newTestClock, targetOf } from '../../domain/test-clock.ts';
import { boundaryOf } from '../../domain/period.ts';
import { rhythmOfAll } from '../../domain/subscription.ts';
import { changed } from '../change.ts';
import { clockKind as kind, livingBy, timeOf } from '../clock.ts';
import { invalid, refuse } from '../fault.ts';
import { clockCustomersMax, clocksEndedMax, clockSubscriptionsMax } from '../limits.ts';
import type { Condition } from '../object.ts';
import { type Desk, deskOfCause, eventsOf, found, keepNew, type World } from '../world.ts';
import { leaveClock } from './balance-settings.ts';
import { erased } from './customer.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

async function create({ world, desk, input }: Request): Promise<Thing> {
  const id = desk.ids('clock');
  if (desk.livemode) throw refuse('StateInvalid', 'Test clocks can only be used in test mode.');
  const clock = newTestClock(input, { id, created: desk.created, livemode: desk.livemode });
  return keepNew(world, desk, clock, 'test_helpers.test_clock.created');
}

async function advance({ world, desk, id, input }: Request): Promise<Thing> {
  const target = Number(input.frozen_time);
  await found(world, desk.at, kind, id);
  const made = await world.steps.on(desk.at, `clock ${id}`, async () => {
    const before = await found(world, desk.at, kind, id);
    if (desk.again && before.hidden.advancedBy === desk.seed) return before.thing;
    const now = await timeOf(world, desk.at, id);
    const most = await mostOf(world, desk.at, id, now);
    if (target > most) throw invalid('frozen_time', `A test clock is advanced by two intervals of its subscriptions at most: to ${most}.`);
    if (target <= now) throw invalid('frozen_time', 'A test clock can only be advanced to a time that is ahead of it.');
    return changed(
      ...([world, desk, kind, id] as const),
      ({ thing, hidden }) => ({ next: advancingClock(thing, target), hidden: { ...hidden, advancedBy: desk.seed } }),
      'test_helpers.test_clock.advancing',
    );
  });
  world.clocks.onAdvance(desk.at, id);
  return made;
}

/** How far a clock may be sent at once: two intervals of the shortest subscription that lives by it, or two years. */
async function mostOf(world: World, at: Placed, clock: string, now: number): Promise<number> {
  const where: Condition[] = [livingBy(clock), [`body->>'status' not in ('canceled', 'incomplete_expired')`]];
  const { items } = await world.objects.list(at, 'subscription', { limit: clockSubscriptionsMax, where });
  const rhythms = items.map(({ thing }) => rhythmOfAll(thing));
  return Math.min(...[...rhythms, { interval: 'year', count: 1 }].map((rhythm) => boundaryOf(now, rhythm, 2)));
}

/** A clock has come to where it was sent: nothing more is due until then. */
export async function arrive(world: World, at: Placed, id: string): Promise<void> {
  const { thing } = await found(world, at, kind, id);
  if (thing.status !== 'advancing') return;
  const desk = deskOfCause(at, `${id} at ${targetOf(thing)}`, targetOf(thing), false);
  await changed(world, desk, kind, id, (kept) => ({ next: arrivedClock(kept.thing) }), 'test_helpers.test_clock.ready');
}

/** Deletes a clock: who lives by it goes first, so that one that is cut short is found again. */
async function ended(world: World, desk: Desk, id: string): Promise<Thing> {
  const { items } = await world.objects.list(desk.at, 'customer', { limit: clockCustomersMax, where: [livingBy(id)] });
  for (const { thing } of items) await erased(world, desk, thing.id);
  await leaveClock(world, desk, id);
  const kept = await found(world, desk.at, kind, id);
  const gone: Thing = { id, object: kind, deleted: true };
  await world.objects.commit(desk.at, [
    world.objects.deletion(kept),
    ...(await eventsOf(world, desk, [['test_helpers.test_clock.deleted', { ...kept.thing, deleted: true }]])),
  ]);
  return gone;
}

/** Clocks are kept for some time. */
export async function endClocks(world: World, at: Placed, now: number): Promise<void> {
  const old: Condition = [`(body->>'deletes_after')::bigint <= ?`, now];
  const { items } = await world.objects.list(at, kind, { limit: clocksEndedMax, where: [old] });
  for (const { thing } of items) await ended(world, deskOfCause(at, `${thing.id} ends`, now, false), thing.id);
}

/** Clocks that are on their way. */
export async function goingClocks(world: World, at: Placed): Promise<string[]> {
  const { items } = await world.objects.list(at, kind, { limit: clocksEndedMax, where: [[`body->>'status' = 'advancing'`]] });
  return items.map(({ thing }) => thing.id);
}

export const testClockHandlers = (world: World) =>
  handlersOf(world, {
    CreateTestClock: create,
    GetTestClock: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListTestClocks: ({ world, desk, input }) => listed(world.objects, desk.at, kind, pageOf(input), '/v1/test_helpers/test_clocks'),
    AdvanceTestClock: advance,
    DeleteTestClock: ({ world, desk, id }) => world.steps.on(desk.at, `clock ${id}`, () => ended(world, desk, id)),
  }) satisfies Partial<All>;
