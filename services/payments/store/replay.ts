import type { Placed } from '#kernel/contract/provider.ts';
import { fieldsOf, numberOf, textOf, type Thing } from '../domain/json.ts';
import { askedOfCharge, factsOf } from '../domain/risk.ts';
import type { Facts, Rule } from '../domain/rule.ts';
import { Velocity } from '../domain/velocity.ts';
import { breathing } from './breath.ts';
import { counted, noteIn } from './feature.ts';
import { featureEntitiesMax, replayedMax, replayedMs, replayShownMax } from './limits.ts';
import type { Objects } from './object.ts';
import { valueListsOf, withLists } from './value-list.ts';

/** What a rule would have met, had it been there. */
type Replay = {
  readonly payments: number;
  readonly met: number;
  readonly disputed: number;
  readonly missed: number;
  readonly amounts: Readonly<Record<string, number>>;
  readonly last: readonly Thing[];
};

/** Tries a rule on the last payments in their order, each with the features that it had then. */
export async function replayed(objects: Objects, at: Placed, rule: Rule): Promise<Replay> {
  const velocity = new Velocity(featureEntitiesMax);
  const lists = await valueListsOf(objects, at, [...rule.lists]);
  const charges = new Map<string, Thing>();
  const met = new Map<string, Thing>();
  const disputed = new Set<string>();
  const breath = breathing(replayedMs);
  for (const { type, data, created } of await objects.events(at, counted, 0, replayedMax)) {
    const { object } = data as { object: Thing };
    const seconds = Number(created);
    if (type === 'charge.dispute.created') {
      const charge = charges.get(textOf(object.charge) ?? '');
      if (charge) noteIn(velocity, charge, 'disputed', seconds);
      if (charge) disputed.add(charge.id);
    } else {
      charges.set(object.id, object);
      if (rule.holds(withLists(lists, factsThen(object, velocity)))) met.set(object.id, object);
      noteIn(velocity, object, type === 'charge.failed' ? 'declined' : 'paid', seconds);
    }
    await breath();
  }
  const amounts: Record<string, number> = {};
  for (const { amount, currency } of met.values()) amounts[String(currency)] = (amounts[String(currency)] ?? 0) + Number(amount);
  const contested = [...met.keys()].filter((id) => disputed.has(id)).length;
  const last = [...met.values()].slice(-replayShownMax).reverse();
  return { payments: charges.size, met: met.size, disputed: contested, missed: disputed.size - contested, amounts, last };
}

/** What was known of a payment when it was made. */
function factsThen(charge: Thing, velocity: Velocity): Facts {
  const outcome = fieldsOf(charge.outcome);
  const { three_d_secure: secured } = fieldsOf(fieldsOf(charge.payment_method_details).card);
  const plain = factsOf(askedOfCharge(charge), { isOffSession: false, isAuthenticated: secured != null, velocity });
  return (name) =>
    name === 'risk_score' ? numberOf(outcome.risk_score) : name === 'risk_level' ? textOf(outcome.risk_level) : plain(name);
}
