import type { Verdict } from './issuer.ts';

type Declined = Extract<Verdict, { kind: 'declined' }>;

const refused = 'Your card was declined.';

/** What response codes (field 39) mean to the API. */
const declines: Readonly<Record<string, Omit<Declined, 'kind'>>> = {
  '05': { code: 'card_declined', decline: 'generic_decline', message: refused },
  14: {
    ...{ code: 'card_declined', decline: 'test_mode_live_card' },
    message:
      'Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, visit the docs.',
  },
  41: { code: 'card_declined', decline: 'lost_card', message: refused },
  43: { code: 'card_declined', decline: 'stolen_card', message: refused },
  51: { code: 'card_declined', decline: 'insufficient_funds', message: 'Your card has insufficient funds.' },
  54: { code: 'expired_card', decline: 'expired_card', message: 'Your card has expired.' },
  55: { code: 'incorrect_pin', decline: 'incorrect_pin', message: 'Your card was declined: the PIN is incorrect.' },
  75: { code: 'card_declined', decline: 'pin_try_exceeded', message: 'Your card was declined: a wrong PIN was entered too often.' },
  59: { code: 'card_declined', decline: 'fraudulent', message: refused },
  65: { code: 'card_declined', decline: 'card_velocity_exceeded', message: refused },
  91: { code: 'card_declined', decline: 'issuer_not_available', message: refused },
  96: {
    ...{ code: 'processing_error', decline: 'processing_error' },
    message: 'An error occurred while processing your card. Try again in a little bit.',
  },
  N7: { code: 'incorrect_cvc', decline: 'incorrect_cvc', message: "Your card's security code is incorrect." },
  '1A': {
    ...{ code: 'authentication_required', decline: 'authentication_required' },
    message: 'Your card was declined. This transaction requires authentication.',
  },
};

/** Codes that say why a payment was declined, as the API has words for them. */
export const declineCodes: readonly string[] = Object.keys(declines).toSorted();

/** The code of a network that could not be reached, or whose answer did not come. */
export const malfunction = '96';

/** What an issuer's verdict is in field 39. */
export function codeOf(verdict: Verdict): string {
  if (verdict.kind === 'approved') return '00';
  if (verdict.kind === 'challenge') return '1A';
  return Object.entries(declines).find(([, { decline }]) => decline === verdict.decline)?.[0] ?? '05';
}

/** What the business is told of a response code; undefined where the payment was approved. */
export function declineOf(code: string): Declined | undefined {
  if (code === '00') return undefined;
  return { kind: 'declined', ...(declines[code] ?? (declines['05'] as Omit<Declined, 'kind'>)) };
}

/** What becomes of a payment of which nobody knows what the issuer said. */
export const silent: Declined = { kind: 'declined', ...(declines[malfunction] as Omit<Declined, 'kind'>) };
