import { luhnSum } from './luhn.ts';

/** What the simulated issuer does with a card, in the words of the API; `risk` is the score, of 100, that it is known by. */
export type Behaviour =
  | {
      readonly kind: 'approve';
      readonly dispute?: 'fraudulent' | 'product_not_received' | 'inquiry' | 'warning';
      readonly atOnce?: true;
      readonly risk?: number;
    }
  | {
      readonly kind: 'decline';
      readonly code: string;
      readonly decline?: string;
      readonly message: string;
      readonly attachable?: true;
      readonly risk?: number;
    }
  | { readonly kind: 'authenticate'; readonly after: 'approve' | 'decline'; readonly onlyOnce?: true; readonly risk?: number };

export type TestCard = {
  readonly number: string;
  readonly brand: string;
  readonly funding: 'credit' | 'debit' | 'prepaid';
  readonly country: string;
  readonly cvcCheck: 'pass' | 'fail';
  readonly behaviour: Behaviour;
};

const approve: Behaviour = { kind: 'approve' };
const decline = (code: string, message: string, reason?: string, attachable?: true): Behaviour => ({
  ...{ kind: 'decline', code, message },
  ...(reason === undefined ? {} : { decline: reason }),
  ...(attachable ? { attachable } : {}),
});

type Row = readonly [name: string, number: string, brand: string, behaviour?: Behaviour, more?: Partial<TestCard>];

const refused = 'Your card was declined.';
const noFunds = decline('card_declined', 'Your card has insufficient funds.', 'insufficient_funds');

/** The published test cards: `pm_card_<name>` and `tok_<name>` stand for them. */
const rows: readonly Row[] = [
  ['visa', '4242424242424242', 'visa'],
  ['visa_debit', '4000056655665556', 'visa', approve, { funding: 'debit' }],
  ['mastercard', '5555555555554444', 'mastercard'],
  ['mastercard_debit', '5200828282828210', 'mastercard', approve, { funding: 'debit' }],
  ['mastercard_prepaid', '5105105105105100', 'mastercard', approve, { funding: 'prepaid' }],
  ['amex', '378282246310005', 'amex'],
  ['discover', '6011111111111117', 'discover'],
  ['diners', '3056930009020004', 'diners'],
  ['jcb', '3566002020360505', 'jcb'],
  ['unionpay', '6200000000000005', 'unionpay'],
  ['br', '4000000760000002', 'visa', approve, { country: 'BR' }],
  ['de', '4000002760000016', 'visa', approve, { country: 'DE' }],
  ['gb', '4000008260000000', 'visa', approve, { country: 'GB' }],
  ['bypassPending', '4000000000000077', 'visa', { kind: 'approve', atOnce: true }],
  ['chargeDeclined', '4000000000000002', 'visa', decline('card_declined', refused, 'generic_decline')],
  ['visa_chargeDeclined', '4000000000000002', 'visa', decline('card_declined', refused, 'generic_decline')],
  ['chargeDeclinedInsufficientFunds', '4000000000009995', 'visa', noFunds],
  ['visa_chargeDeclinedInsufficientFunds', '4000000000009995', 'visa', noFunds],
  ['chargeDeclinedLostCard', '4000000000009987', 'visa', decline('card_declined', refused, 'lost_card')],
  ['visa_chargeDeclinedLostCard', '4000000000009987', 'visa', decline('card_declined', refused, 'lost_card')],
  ['chargeDeclinedStolenCard', '4000000000009979', 'visa', decline('card_declined', refused, 'stolen_card')],
  ['visa_chargeDeclinedStolenCard', '4000000000009979', 'visa', decline('card_declined', refused, 'stolen_card')],
  ['chargeDeclinedVelocityLimitExceeded', '4000000000006975', 'visa', decline('card_declined', refused, 'card_velocity_exceeded')],
  ['chargeDeclinedExpiredCard', '4000000000000069', 'visa', decline('expired_card', 'Your card has expired.')],
  [
    ...(['chargeDeclinedIncorrectCvc', '4000000000000127', 'visa'] as const),
    decline('incorrect_cvc', "Your card's security code is incorrect."),
    { cvcCheck: 'fail' },
  ],
  [
    ...(['chargeDeclinedProcessingError', '4000000000000119', 'visa'] as const),
    decline('processing_error', 'An error occurred while processing your card. Try again in a little bit.'),
  ],
  ['chargeDeclinedFraudulent', '4100000000000019', 'visa', { ...decline('card_declined', refused, 'fraudulent'), risk: 95 }],
  ['radarBlock', '4100000000000019', 'visa', { ...decline('card_declined', refused, 'fraudulent'), risk: 95 }],
  ['riskLevelHighest', '4000000000004954', 'visa', { kind: 'approve', risk: 80 }],
  ['riskLevelElevated', '4000000000009235', 'visa', { kind: 'approve', risk: 70 }],
  ['chargeCustomerFail', '4000000000000341', 'visa', decline('card_declined', refused, 'generic_decline', true)],
  ['authenticationRequired', '4000002500003155', 'visa', { kind: 'authenticate', after: 'approve', onlyOnce: true }],
  ['authenticationRequiredOnSetup', '4000002500003155', 'visa', { kind: 'authenticate', after: 'approve', onlyOnce: true }],
  ['threeDSecure2Required', '4000000000003220', 'visa', { kind: 'authenticate', after: 'approve' }],
  ['threeDSecureRequired', '4000000000003063', 'visa', { kind: 'authenticate', after: 'approve' }],
  [
    ...(['authenticationRequiredChargeDeclinedInsufficientFunds', '4000008260003178', 'visa'] as const),
    { kind: 'authenticate', after: 'decline' },
  ],
  ['createDispute', '4000000000000259', 'visa', { kind: 'approve', dispute: 'fraudulent' }],
  ['createDisputeProductNotReceived', '4000000000002685', 'visa', { kind: 'approve', dispute: 'product_not_received' }],
  ['createIssuerFraudRecord', '4000000000005423', 'visa', { kind: 'approve', dispute: 'warning' }],
  ['createDisputeInquiry', '4000000000001976', 'visa', { kind: 'approve', dispute: 'inquiry' }],
];

const cards = new Map(
  rows.map(([name, number, brand, behaviour = approve, more = {}]): [string, TestCard] => [
    name,
    { number, brand, funding: 'credit', country: 'US', cvcCheck: 'pass', behaviour, ...more },
  ]),
);
const byNumber = new Map([...cards.values()].map((card) => [card.number, card]));

/** The name of the test card that `pm_card_visa` or `tok_visa` stands for. */
export function testCardName(id: string): string | undefined {
  const [, name] = /^(?:pm_card|tok)_(\w+)$/.exec(id) ?? [];
  return name !== undefined && cards.has(name) ? name : undefined;
}

/** The test card of a name: `visa`. */
export const cardNamed = (name: string): TestCard | undefined => cards.get(name);

export const cardOfNumber = (number: string): TestCard | undefined => byNumber.get(number);

/** How long numbers of cards are (ISO/IEC 7812), with the check digit that Luhn's sum gives. */
export function isCardNumber(number: string): boolean {
  return /^[0-9]{12,19}$/.test(number) && luhnSum(number) === 0;
}
