import { type Behaviour, cardOfNumber, isCardNumber, type TestCard } from './test-card.ts';

const unknownCard: Behaviour = {
  ...{ kind: 'decline', code: 'card_declined', decline: 'test_mode_live_card', attachable: true },
  message:
    'Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, visit the docs.',
};

const brands: readonly (readonly [RegExp, string])[] = [
  [/^4/, 'visa'],
  [/^(5[1-5]|2[2-7])/, 'mastercard'],
  [/^3[47]/, 'amex'],
  [/^(6011|65|64[4-9])/, 'discover'],
  [/^3(0[0-5]|[689])/, 'diners'],
  [/^35/, 'jcb'],
  [/^62/, 'unionpay'],
];

/** Why a card as it was typed cannot be taken, in the words of the API. */
export type TypingError = { readonly code: string; readonly message: string; readonly param: string };

/** The number as it is meant. */
export const plainNumber = (typed: string): string => typed.replaceAll(/[ -]/g, '');

/** What is wrong with a number or a code. */
export function typingError(number: string, code: string | undefined): TypingError | undefined {
  if (!isCardNumber(number)) return { code: 'incorrect_number', message: 'Your card number is incorrect.', param: 'number' };
  if (code !== undefined && !/^[0-9]{3,4}$/.test(code))
    return { code: 'invalid_cvc', message: "Your card's security code is invalid.", param: 'cvc' };
  return undefined;
}

/** The card of a number: one of the test cards, or one that no simulated issuer knows. */
export function cardBehind(number: string): TestCard {
  const brand = brands.find(([form]) => form.test(number))?.[1] ?? 'unknown';
  const unknown: TestCard = { number, brand, funding: 'unknown' as 'credit', country: 'US', cvcCheck: 'pass', behaviour: unknownCard };
  return cardOfNumber(number) ?? unknown;
}
