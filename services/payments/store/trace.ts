import { messageType } from '#wire/iso8583/message-type.ts';
import { elementName } from '#wire/iso8583/name.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { type Fields, fieldsOf, type Json, textOf, type Thing } from '../domain/json.ts';
import { type Assessment, assessmentIn } from '../domain/risk.ts';
import { isWay, ways } from '../domain/way.ts';
import { referenceOf } from '../engine/card/switch.ts';
import { bankRecords } from './bank-record.ts';
import { entriesOf } from './entry.ts';
import { rulesMax, traceObjectsMax } from './limits.ts';
import type { Kept } from './object.ts';
import { type Payment, paymentNamed } from './payment.ts';
import { railIn } from './rail.ts';
import { ruleKind } from './risk.ts';
import type { CardMessage } from './vault.ts';
import { aboutPayment, type World } from './world.ts';

/** All that led to what became of a payment: what was known, what was decided, by which way it went, what was said, what was booked. */
export async function traceOf(world: World, at: Placed, id: string): Promise<object> {
  const payment = await paymentNamed(world, at, id);
  const about = (kind: string) => world.objects.list(at, kind, { limit: traceObjectsMax, where: [['payment_intent = ?', id]] });
  const [charges, refunds, disputes, reviews] = await Promise.all(['charge', 'refund', 'dispute', 'review'].map(about));
  const marked = { limit: traceObjectsMax, where: [['mark = ?', aboutPayment(id)]] } as const;
  const [events, rules, records, messages, transfers] = await Promise.all([
    world.objects.list(at, 'event', marked),
    world.objects.list(at, ruleKind, { limit: rulesMax, where: [] }),
    bankRecords(world, at, id),
    world.vault.messages(at, referencesOf(payment, charges?.items ?? [], thingsOf(refunds))),
    passedOn(world, at, thingsOf(charges)),
  ]);
  const named = { refunds: thingsOf(refunds), disputes: thingsOf(disputes), transfers };
  return {
    object: 'payment_trace',
    payment: payment.thing,
    attempts: (charges?.items ?? []).toReversed().map((charge) => attemptOf(payment, charge, thingsOf(rules))),
    messages: messages.map(shownMessage),
    records,
    entries: await entriesOf(world, at, payment, named),
    ...{ refunds: named.refunds, disputes: named.disputes, reviews: thingsOf(reviews), events: thingsOf(events).toReversed() },
  };
}

const thingsOf = (list: { readonly items: readonly Kept[] } | undefined): Thing[] => (list?.items ?? []).map(({ thing }) => thing);

/** What was passed on of a payment to connected accounts. */
async function passedOn(world: World, at: Placed, charges: readonly Thing[]): Promise<Thing[]> {
  const ids = charges.flatMap(({ transfer }) => (typeof transfer === 'string' ? [transfer] : []));
  const kept = await Promise.all(ids.map((id) => world.objects.get(at, 'transfer', id)));
  return kept.flatMap((each) => (each ? [each.thing] : []));
}

/** Field 37 of all that was asked of a payment's card, and told to it. */
function referencesOf({ thing: { id }, attempts, holds }: Payment, charges: readonly Kept[], refunds: readonly Thing[]): string[] {
  // Acquirers after the first are asked under names of their own.
  const others = charges.flatMap(({ hidden }) => acquirersOf(hidden).slice(1));
  const tries = Array.from({ length: attempts }, (_, attempt) => `${id} authorize ${attempt + 1}`).flatMap((name) => [
    name,
    ...[...new Set(others)].map((acquirer) => `${name} via ${acquirer}`),
  ]);
  const more = holds.filter(({ step }) => step === 'increment').map(({ attempt }) => `${id} increment ${attempt}`);
  return [...tries, ...more, ...refunds.map((refund) => refund.id)].map(referenceOf);
}

/** The acquirers that were asked for a charge, in their order. */
const acquirersOf = (hidden: Fields): string[] =>
  ((fieldsOf(hidden.route).attempts ?? []) as readonly Fields[]).map(({ acquirer }) => String(acquirer));

function attemptOf(payment: Payment, { thing: charge, hidden }: Kept, rules: readonly Thing[]): Fields {
  const risk = assessmentIn(hidden);
  return { charge, decision: risk ? decisionOf(risk, charge, rules) : null, route: routeOf(payment, charge, hidden) };
}

/** What was decided, by what: the numbers that were looked at, and of each rule there was whether it held. */
function decisionOf(assessment: Assessment, charge: Thing, rules: readonly Thing[]): Fields {
  const { action, level, score, rule, matched, facts, reasons, model = null, shadow = null } = assessment;
  const held = new Set(matched);
  const known = rules.filter(({ id, created }) => held.has(id) || Number(created) <= Number(charge.created));
  const told = known.map(({ id, action: does = null, predicate = null, status = null }) => ({
    ...{ id, action: does, predicate, status, held: held.has(id) },
  }));
  const gone = matched.filter((id) => !rules.some((each) => each.id === id)).map((id) => ({ id, status: 'deleted', held: true }));
  return {
    ...{ action, risk_level: level, risk_score: score, rule, model, shadow, reasons: reasons as unknown as Json },
    features: Object.entries(facts).map(([name, value]) => ({ name, value: value ?? null })),
    rules: [...told, ...gone],
  };
}

/** By which way an attempt went; null where it went none, because it was blocked. */
function routeOf({ kept, thing }: Payment, charge: Thing, hidden: Fields): Fields | null {
  if (fieldsOf(charge.outcome).network_status === 'not_sent_to_network') return null;
  const { type, card, card_present: present } = fieldsOf(charge.payment_method_details);
  const way = isWay(type) ? ways[type] : undefined;
  if (way) return { rail: 'rail' in way ? way.rail : String(type) };
  const known: Fields = (charge.id === thing.latest_charge ? railIn(kept.hidden)?.traces[0] : undefined) ?? {};
  const brand: Json = textOf(fieldsOf(card ?? present).brand) ?? null;
  const said = { network: known.network ?? brand, reference: known.reference ?? null, approval: known.approval ?? null };
  return { rail: 'card', ...said, routing: hidden.route ?? null };
}

/** A message with its type in words and its fields by their names; numbers of cards are aliases. */
function shownMessage({ at, mti, fields }: CardMessage): Fields {
  const { class: about, function: what, isRepeat } = messageType(mti);
  const elements = Object.entries(fields)
    .map(([number, value]) => ({ number: Number(number), name: elementName(Number(number)), value }))
    .sort((one, other) => one.number - other.number);
  return { at, mti, type: `${about} ${what}${isRepeat ? ', repeated' : ''}`.replaceAll('-', ' '), elements };
}
