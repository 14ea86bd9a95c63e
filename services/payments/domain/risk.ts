import { unitsOf } from './currency.ts';
import { type Fields, fieldsOf, type Json, textOf, type Thing } from './json.ts';
import type { Fact, FactType, RuleAction } from './rule.ts';
import { type Entity, entities, features, type Happening, type Velocity } from './velocity.ts';

export type RiskLevel = 'normal' | 'elevated' | 'highest';

/** What is known of a payment that is about to be made; a charge says as much of one that was. */
export type Asked = {
  readonly amount: number;
  readonly currency: string;
  readonly seconds: number;
  readonly customer: string | undefined;
  /** What it is paid by: `card`, or another way, such as `sepa_debit`. */
  readonly type: string | undefined;
  readonly card: Fields;
  /** The account that is debited, where no card is. */
  readonly account: Fields;
  readonly billing: Fields;
  readonly shipping: Fields;
  readonly email: string | undefined;
  readonly metadata: Fields;
  readonly description: string | undefined;
};

const facts: Readonly<Record<string, FactType>> = {
  ...{ amount: 'number', currency: 'text', description: 'text', customer: 'text', email: 'text', email_domain: 'text' },
  ...{ card_country: 'text', card_brand: 'text', card_funding: 'text', card_last4: 'text', card_fingerprint: 'text', cvc_check: 'text' },
  ...{ billing_address_country: 'text', billing_address_postal_code: 'text', shipping_address_country: 'text', ip_address: 'text' },
  ...{ payment_method_type: 'text', bank_country: 'text', bank_name: 'text' },
  ...{ hour: 'number', weekday: 'number', is_off_session: 'flag', is_authenticated: 'flag', risk_score: 'number', risk_level: 'text' },
};

/** The type of an attribute that rules and models may ask for. */
export const factType = (name: string): FactType | undefined =>
  features.has(name) ? 'number' : Object.hasOwn(facts, name) ? facts[name] : undefined;

/** What a charge tells of the payment that it was. */
export const askedOfCharge = (charge: Thing): Asked => ({
  amount: unitsOf(Number(charge.amount), String(charge.currency)),
  currency: String(charge.currency),
  seconds: Number(charge.created),
  customer: textOf(charge.customer),
  ...paidBy(fieldsOf(charge.payment_method_details)),
  billing: fieldsOf(charge.billing_details),
  shipping: fieldsOf(fieldsOf(charge.shipping).address),
  email: textOf(charge.receipt_email) ?? textOf(fieldsOf(charge.billing_details).email),
  metadata: fieldsOf(charge.metadata),
  description: textOf(charge.description),
});

/** What a payment is made by, of a payment method or of what a charge says of it. */
export function paidBy(method: Fields): Pick<Asked, 'type' | 'card' | 'account'> {
  const type = textOf(method.type);
  const own = type === undefined ? {} : fieldsOf(method[type]);
  return { type, card: type === 'card' ? own : {}, account: type === 'card' ? {} : own };
}

/** What is known of a payment before it is made: of the intent, and of how it is paid. */
export const askedOf = (intent: Thing, method: Thing, seconds: number): Asked =>
  askedOfCharge({
    ...{ id: '', object: 'charge', amount: intent.amount ?? 0, currency: intent.currency ?? '', created: seconds },
    ...{ customer: intent.customer ?? null, payment_method_details: method as Fields },
    ...{ billing_details: method.billing_details ?? {}, shipping: intent.shipping ?? null, receipt_email: intent.receipt_email ?? null },
    ...{ metadata: intent.metadata ?? {}, description: intent.description ?? null },
  });

/** The values that an entity has in a payment. */
export function entitiesOf({ card, account, customer, email, billing, shipping, metadata }: Asked): ReadonlyMap<Entity, string> {
  const ip = textOf(metadata.ip_address);
  const address = fieldsOf(billing.address);
  const values: Readonly<Record<Entity, string | undefined>> = {
    ...{
      // An account that is debited is counted as a card is.
      card: textOf(card.fingerprint) ?? textOf(account.fingerprint),
      customer,
      email: email?.toLowerCase(),
      email_domain: domainOf(email),
      phone: textOf(billing.phone),
    },
    ...{ billing_address: placeOf(address), shipping_address: placeOf(shipping), card_country: textOf(card.country) },
    ...{ card_kind: textOf(card.brand) && `${textOf(card.brand)} ${textOf(card.funding)}`, ip, network: networkOf(ip) },
    device: textOf(metadata.device),
  };
  return new Map(entities.flatMap((entity) => (values[entity] ? [[entity, values[entity]] as const] : [])));
}

const domainOf = (email: string | undefined): string | undefined => email?.slice(email.lastIndexOf('@') + 1).toLowerCase();
const placeOf = ({ postal_code: code, country, line1 }: Fields): string | undefined =>
  textOf(code) && `${textOf(country) ?? ''} ${textOf(code)} ${textOf(line1) ?? ''}`.toLowerCase();

/** Only banks of the United States have routing numbers. */
const americanBank = ({ routing_number: routing }: Fields): string | undefined => (textOf(routing) === undefined ? undefined : 'US');

/** The /24 of an address, or the /48. */
const networkOf = (ip: string | undefined): string | undefined =>
  ip?.includes(':') ? ip.split(':').slice(0, 3).join(':') : ip?.split('.').slice(0, 3).join('.');

/** Counts what happened to a payment of everything that it has to do with. */
export function noteAll(velocity: Velocity, known: Entities, seconds: number, { kind, amount }: Omit<Happening, 'other'>): void {
  for (const [entity, value] of known) {
    const other = known.get(entity === 'card' ? 'customer' : 'card') ?? '';
    velocity.note(entity, value, seconds, { kind, amount, other });
  }
}

type Entities = ReadonlyMap<Entity, string>;
type Moment = { readonly amount: number; readonly seconds: number };

/** The numbers of a payment, by name: what is told by itself, and by what was counted before it. */
export function numbersThen({ amount, seconds }: Moment, known: Entities, velocity: Velocity): (name: string) => number | undefined {
  return (name) => {
    const feature = features.get(name);
    if (!feature) return name in moments ? moments[name]?.({ amount, seconds }) : undefined;
    const value = known.get(feature.entity);
    return value === undefined ? undefined : velocity.read(feature, value, seconds, amount);
  };
}

const moments: Readonly<Record<string, (moment: Moment) => number>> = {
  amount: ({ amount }) => amount,
  hour: ({ seconds }) => new Date(seconds * 1000).getUTCHours(),
  weekday: ({ seconds }) => new Date(seconds * 1000).getUTCDay(),
};

/** What else is said with a payment. */
type Beside = { readonly isOffSession: boolean; readonly isAuthenticated: boolean; readonly velocity: Velocity | undefined };

/** The facts of a payment, by name. */
export function factsOf(asked: Asked, { isOffSession, isAuthenticated, velocity }: Beside): (name: string) => Fact {
  const known = entitiesOf(asked);
  const { card, billing, shipping, metadata } = asked;
  const numbers = velocity && numbersThen(asked, known, velocity);
  const own: Readonly<Record<string, () => Fact>> = {
    ...{ amount: () => asked.amount, currency: () => asked.currency, description: () => asked.description, customer: () => asked.customer },
    ...{ email: () => asked.email, email_domain: () => domainOf(asked.email), ip_address: () => textOf(metadata.ip_address) },
    ...{ card_country: () => textOf(card.country), card_brand: () => textOf(card.brand), card_funding: () => textOf(card.funding) },
    ...{ card_last4: () => textOf(card.last4), card_fingerprint: () => textOf(card.fingerprint) },
    ...{ payment_method_type: () => asked.type, bank_country: () => textOf(asked.account.country) ?? americanBank(asked.account) },
    bank_name: () => textOf(asked.account.bank_name),
    cvc_check: () => textOf(fieldsOf(card.checks).cvc_check),
    billing_address_country: () => textOf(fieldsOf(billing.address).country),
    billing_address_postal_code: () => textOf(fieldsOf(billing.address).postal_code),
    shipping_address_country: () => textOf(shipping.country),
    ...{ hour: () => moments.hour?.(asked), weekday: () => moments.weekday?.(asked) },
    ...{ is_off_session: () => isOffSession, is_authenticated: () => isAuthenticated },
  };
  return (name) => {
    if (features.has(name)) return numbers?.(name);
    if (name.startsWith('metadata.')) return textOf(metadata[name.slice('metadata.'.length)]);
    return Object.hasOwn(own, name) ? own[name]?.() : undefined;
  };
}

/** From these scores of 100 on, as Stripe has them. */
const elevatedFrom = 65;
export const highestFrom = 75;

export function levelOf(score: number | undefined): RiskLevel {
  if (score === undefined || score < elevatedFrom) return 'normal';
  return score < highestFrom ? 'elevated' : 'highest';
}

/** What was decided of a payment before anything was moved, and why: a part of its step's input, so that it is decided once. */
export type Assessment = {
  readonly action: RuleAction | 'none';
  readonly level: RiskLevel;
  readonly score: number | null;
  /** The rule that decided. */
  readonly rule: Fields | null;
  /** Rules that held, in shadow or not. */
  readonly matched: readonly string[];
  readonly facts: Fields;
  readonly reasons: readonly Fields[];
  /** What the score is of; null where the test card says it, or nothing does. A step of a release before this one says neither. */
  readonly model?: string | null;
  /** What a model in shadow would have decided. */
  readonly shadow?: Fields | null;
};

/** What is blocked where no rule allows it. */
export const builtIn: Fields = { id: 'rule_block_highest_risk', action: 'block', predicate: ":risk_level: = 'highest'" };

/** The assessment in a step's input; a step of a release before this one has none. */
export const assessmentIn = (input: Fields): Assessment | undefined =>
  input.risk == null ? undefined : (input.risk as unknown as Assessment);

/** What a charge's outcome says of risk. */
export function outcomeOf(outcome: Fields, assessment: Assessment | undefined): Fields {
  if (!assessment) return outcome;
  const { level, score, rule, action } = assessment;
  const said: Fields = { ...outcome, risk_level: level, ...(score === null ? {} : { risk_score: score }) };
  if (rule === null || action === 'none') return said;
  const ruleId: Json = rule.id ?? null;
  const told: Json = rule.id === builtIn.id ? 'highest_risk_level' : 'rule';
  if (action === 'review' && outcome.type === 'authorized') return { ...said, type: 'manual_review', reason: told, rule: ruleId };
  return { ...said, rule: ruleId, ...(action === 'block' ? { reason: told } : {}) };
}

/** The outcome of a payment that no issuer was asked of. */
export const blockedOutcome: Fields = {
  ...{ advice_code: null, network_advice_code: null, network_decline_code: null, network_status: 'not_sent_to_network' },
  ...{ risk_level: 'normal', seller_message: 'The payment was blocked as too risky, or by a rule.', type: 'blocked' },
};
