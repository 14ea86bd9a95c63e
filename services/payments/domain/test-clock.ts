import { type Fields, fieldsOf, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly livemode: boolean };

const keptSeconds = 30 * 86_400;

/** A time that stands still until it is told to go on, for customers that live by it. */
export const newTestClock = (given: Fields, { id, created, livemode }: Own): Thing => ({
  ...{ id, object: 'test_helpers.test_clock', created, deletes_after: created + keptSeconds, frozen_time: given.frozen_time ?? created },
  ...{ livemode, name: given.name ?? null, status: 'ready', status_details: {} },
});

export const advancingClock = (clock: Thing, target: number): Thing => ({
  ...clock,
  ...{ status: 'advancing', status_details: { advancing: { target_frozen_time: target } } },
});

/** The time that a clock is on its way to. */
export const targetOf = (clock: Thing): number =>
  Number(fieldsOf(fieldsOf(clock.status_details).advancing).target_frozen_time ?? clock.frozen_time);

export const arrivedClock = (clock: Thing): Thing => ({ ...clock, frozen_time: targetOf(clock), status: 'ready', status_details: {} });
