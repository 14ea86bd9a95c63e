import { acquirers } from './acquirer.ts';
import { payoutRails } from './payout-rail.ts';

/** What of the simulated world may be down: all card networks (`card`) or the one of a scheme, a rail to banks, an acquirer. */
export const outages: readonly string[] = [
  ...['card', 'amex', 'jcb', 'mastercard', 'rupay', 'unionpay', 'visa'],
  ...[...payoutRails, ...acquirers.map(({ id }) => id)],
];

/** Whether one of some names of a thing is among those that are down. */
export const isDown = (down: readonly string[] | undefined, ...names: readonly string[]): boolean =>
  down !== undefined && names.some((name) => down.includes(name));
