import type { Tone } from '#console/part/status.tsx';

/** What lists show of objects of the API. Moments are in seconds since 1970. */
export type Row = {
  readonly id: string;
  readonly object: string;
  readonly created: number;
  readonly status?: string;
  readonly type?: string;
  readonly amount?: number;
  readonly currency?: string;
  readonly customer?: string | null;
  readonly reason?: string;
  readonly payment_intent?: string | null;
  readonly last_payment_error?: { readonly message?: string } | null;
};

const tones: Readonly<Record<string, Tone>> = {
  ...{ succeeded: 'ok', paid: 'ok', won: 'ok', active: 'ok', available: 'ok', trialing: 'ok', complete: 'ok', enabled: 'ok' },
  ...{ needs_response: 'warn', warning_needs_response: 'warn', past_due: 'warn', incomplete: 'warn', requires_action: 'warn' },
  ...{ failed: 'bad', lost: 'bad', unpaid: 'bad', canceled: 'bad', incomplete_expired: 'bad', blocked: 'bad' },
};

/** How a state of an object is shown. */
export const toneOf = (status: string): Tone => tones[status] ?? 'note';

/** A word of the API for people. */
export const wordOf = (word: string): string => word.replaceAll('_', ' ');
