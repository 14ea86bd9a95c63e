import type { Behaviour } from './test-card.ts';

/** What an issuer says of one authorization. */
export type Verdict =
  | { readonly kind: 'approved'; readonly atOnce: boolean; readonly dispute?: string }
  | { readonly kind: 'challenge' }
  | { readonly kind: 'declined'; readonly code: string; readonly decline: string; readonly message: string };

type Asked = {
  /** Whether the cardholder has proven to be it, for this payment. */
  readonly authenticated: boolean;
  /** Whether the card was set up for payments that its holder is not there for. */
  readonly prepared: boolean;
  /** Whether the cardholder is away. */
  readonly offSession: boolean;
};

const needed = 'Your card was declined. This transaction requires authentication.';

/**
 * The simulated issuer. Its answer follows from the test card and from what is asked alone, so that asking again, which is
 * what a repair does, is the status inquiry of a real network.
 */
export function decide(behaviour: Behaviour, { authenticated, prepared, offSession }: Asked): Verdict {
  if (behaviour.kind === 'approve')
    return {
      kind: 'approved',
      atOnce: behaviour.atOnce ?? false,
      ...(behaviour.dispute === undefined ? {} : { dispute: behaviour.dispute }),
    };
  if (behaviour.kind === 'decline')
    return { kind: 'declined', code: behaviour.code, decline: behaviour.decline ?? behaviour.code, message: behaviour.message };
  if (!authenticated && !(behaviour.onlyOnce && prepared)) {
    if (!offSession) return { kind: 'challenge' };
    return { kind: 'declined', code: 'authentication_required', decline: 'authentication_required', message: needed };
  }
  if (behaviour.after === 'approve') return { kind: 'approved', atOnce: false };
  return { kind: 'declined', code: 'card_declined', decline: 'insufficient_funds', message: 'Your card has insufficient funds.' };
}
