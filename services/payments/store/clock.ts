import type { Placed } from '#kernel/contract/provider.ts';
import { type Json, textOf, type Thing } from '../domain/json.ts';
import { invalid, refuse } from './fault.ts';
import { clockCustomersMax } from './limits.ts';
import type { Condition } from './object.ts';
import { type Desk, found, type World } from './world.ts';

export const clockKind = 'test_helpers.test_clock';

/** Told when a clock is to go on. */
export class Clocks {
  onAdvance: (at: Placed, clock: string) => void = () => undefined;
}

/** The time of a clock that stands; one that goes on lets nobody in between. */
export async function timeOf(world: World, at: Placed, clock: string, param?: string): Promise<number> {
  const { thing } = await found(world, at, clockKind, clock, param);
  if (thing.status !== 'ready')
    throw refuse('StateInvalid', 'Test clock advancement underway - cannot perform modifications.', { code: 'test_clock_advancing' });
  return Number(thing.frozen_time);
}

/** The desk of what is done for a customer: the time of one that lives by a clock is the clock's. */
export async function deskFor(world: World, desk: Desk, customer: Thing): Promise<Desk> {
  const clock = textOf(customer.test_clock);
  return clock === undefined ? desk : { ...desk, created: await timeOf(world, desk.at, clock) };
}

/** The desk of a customer that is to live by a clock; one more than may is refused. */
export async function deskOn(world: World, desk: Desk, clock: string): Promise<Desk> {
  const created = await timeOf(world, desk.at, clock, 'test_clock');
  const { items } = await world.objects.list(desk.at, 'customer', { limit: clockCustomersMax, where: [livingBy(clock)] });
  if (items.length >= clockCustomersMax) throw invalid('test_clock', `A test clock has at most ${clockCustomersMax} customers.`);
  return { ...desk, created };
}

/** Those of one clock, or those of none. */
export const livingBy = (clock: Json | undefined): Condition =>
  typeof clock === 'string' ? [`body->>'test_clock' = ?`, clock] : [`body->>'test_clock' is null`];
