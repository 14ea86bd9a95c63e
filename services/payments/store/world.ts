import type { Call } from '#kernel/contract/call.ts';
import { OperationError } from '#kernel/contract/fault.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import { type Asked, newEvent } from '../domain/event.ts';
import { type IdSource, idsOf, newSeed } from '../domain/id.ts';
import { type Fields, fieldsOf, type Thing } from '../domain/json.ts';
import { currentVersion } from '../domain/version.ts';
import { missing } from './fault.ts';
import { type Claim, KeyTaken, type Repetition } from './claim.ts';
import type { Clocks } from './clock.ts';
import type { Contents } from './content.ts';
import { deliveriesOf } from './delivery.ts';
import type { Money } from './money.ts';
import type { Networks } from './network.ts';
import type { Kept, Objects } from './object.ts';
import type { Rail } from './rail.ts';
import type { Rates } from './rate.ts';
import type { Risks } from './risk.ts';
import type { Routes } from './routing.ts';
import type { Screens } from './screening.ts';
import type { Secrets } from './secret.ts';
import type { Settled } from './settled.ts';
import type { Steps } from './step.ts';
import type { Trainer } from './training.ts';
import type { Usages } from './usage.ts';
import type { Vault } from './vault.ts';

/** What handlers work with. */
export type World = {
  readonly objects: Objects;
  readonly money: Money;
  readonly secrets: Secrets;
  readonly rates: Rates;
  readonly risks: Risks;
  readonly steps: Steps;
  readonly trainer: Trainer;
  readonly clocks: Clocks;
  readonly usages: Usages;
  readonly settled: Settled;
  readonly contents: Contents;
  readonly vault: Vault;
  readonly rail: Rail;
  readonly routes: Routes;
  readonly networks: Networks;
  readonly screens: Screens;
  readonly isLive: (at: Placed) => boolean;
};

/** One request: where it is from, when, and the ids of what it makes. It can be written down, to be gone on with later. */
export type Desk = {
  readonly at: Placed;
  readonly ids: IdSource;
  readonly seed: string;
  /** Whether the same request was begun before and died. */
  readonly again: boolean;
  /** Seconds since 1970. */
  readonly created: number;
  readonly livemode: boolean;
  readonly asked: Asked;
  /** The idempotency key, where it is taken with what the request begins. */
  readonly claim?: Claim | undefined;
};

export function deskOf(world: World, call: Call): Desk {
  const { seed, again, claim } = (call.repeat?.transaction as Repetition | undefined) ?? { seed: newSeed(), again: false };
  const { tenant, scope } = call.caller;
  return {
    ...{ at: { tenant, scope }, ids: idsOf(seed), seed, again, created: Math.floor(call.now / 1000) },
    ...{ livemode: world.isLive(call.caller), claim },
    asked: { request: call.requestId, key: call.repeat?.key ?? null, version: currentVersion },
  };
}

/** Takes the key of a request by itself, where what it does is more than one step. */
export async function claimed(world: World, { at, claim }: Desk): Promise<void> {
  const taking = claim?.taking();
  if (!taking) return;
  try {
    await world.objects.commit(at, [taking], 'intentions');
  } catch (error) {
    throw error instanceof OperationError && error.code === 'Conflict' ? new KeyTaken() : error;
  }
  claim?.taken();
}

/** The desk as a part of a step's input, and the desk of a step: ids follow from the step's. */
export const writtenDesk = ({ created, livemode, asked }: Desk): Fields => ({ created, livemode, asked: { ...asked } });

/** The desk of what happens by itself: the same `cause` is the same desk. */
export const deskOfCause = (at: Placed, cause: string, created: number, livemode: boolean): Desk => ({
  ...{ at, ids: idsOf(cause), seed: cause, again: true, created, livemode, asked: { request: null, key: null, version: currentVersion } },
});

export function deskOfStep(at: Placed, id: string, written: Fields): Desk {
  const { request, key, version } = fieldsOf(written.asked);
  const asked = { request: request === null ? null : String(request), key: key === null ? null : String(key), version: String(version) };
  return { at, ids: idsOf(id), seed: id, again: true, created: Number(written.created), livemode: written.livemode === true, asked };
}

/** The object of an id, or the API's error. */
export async function found(world: World, at: Placed, kind: string, id: string, param?: string): Promise<Kept> {
  const kept = await world.objects.get(at, kind, id);
  if (!kept) throw missing(kind, id, param);
  return kept;
}

/** What is told: of an object as it is now, and of what of it was before, where it was changed. */
export type Told = readonly [type: string, object: Thing, before?: Thing | undefined];

/** Events are found by the payment that they are about. */
function eventMark({ data }: Thing): string | null {
  const { id, object, payment_intent: intent } = (data as { object: Thing }).object;
  const about = object === 'payment_intent' ? id : intent;
  return typeof about === 'string' ? aboutPayment(about) : null;
}

export const aboutPayment = (intent: string): string => `about ${intent}`;

/** The statements that keep events, in this order, and tell endpoints of them. */
export async function eventsOf(world: World, desk: Desk, told: readonly Told[]): Promise<Statement[]> {
  const { at, created, livemode, asked } = desk;
  // A payment without an intent is told of by its charge alone.
  const events = told
    .filter(([, object]) => object.object !== 'direct_payment')
    .map(([type, object, before]) => newEvent(type, object, { id: desk.ids('evt'), created, livemode, asked, before }));
  const kept = await Promise.all(events.map((event) => world.objects.insertion(at, event, {}, eventMark(event))));
  return [...kept, deliveriesOf(events)];
}

/** Keeps a new object with its event, and answers it as it is kept. */
export async function keepNew(
  world: World,
  desk: Desk,
  thing: Thing,
  event?: string,
  more: { hidden?: Fields; mark?: string | null } = {},
) {
  const statements = [await world.objects.insertion(desk.at, thing, more.hidden, more.mark ?? null)];
  if (event !== undefined) statements.push(...(await eventsOf(world, desk, [[event, thing]])));
  await world.objects.commit(desk.at, statements);
  return desk.again ? (await found(world, desk.at, thing.object, thing.id)).thing : thing;
}
