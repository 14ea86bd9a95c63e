import type { Fields, Thing } from '../domain/json.ts';
import { askedOf } from '../domain/risk.ts';
import type { Kept } from './object.ts';
import { asJson } from './payment.ts';
import type { Desk, World } from './world.ts';

/** The assessment of a payment that is about to be made, as a part of its step's input. */
export async function riskOf({ risks }: World, { at, created }: Desk, intent: Thing, method: Kept, attempt: Fields) {
  const isOffSession = attempt.off_session === true;
  const asked = askedOf(intent, method.thing, created);
  return asJson(await risks.assess(at, asked, { method, isOffSession, isAuthenticated: attempt.authenticated === true }));
}
