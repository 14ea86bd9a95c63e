import { amountMax } from '../contract/limits.ts';
import { isCurrency, leastOf, spoken } from '../domain/currency.ts';
import { invalid } from './fault.ts';

/** Refuses what no card is charged: too little, too much, a currency that is none. */
export function checkMoney(amount: number, currency: string): void {
  if (!isCurrency(currency)) throw invalid('currency', `Invalid currency: ${currency}.`);
  if (amount > amountMax) throw invalid('amount', `Amount must be no more than ${spoken(amountMax, currency)}`, 'amount_too_large');
  if (amount < leastOf(currency))
    throw invalid('amount', `Amount must be at least ${spoken(leastOf(currency), currency)}`, 'amount_too_small');
}
