import { requiredOf } from './account.ts';
import { currencies } from './currency.ts';
import type { Fields, Thing } from './json.ts';

/** Countries whose banks connected accounts are paid out to, with the currency that they are paid out in. */
const countries: Readonly<Record<string, 'usd' | 'eur'>> = {
  US: 'usd',
  ...Object.fromEntries(['AT', 'BE', 'DE', 'ES', 'FI', 'FR', 'IE', 'IT', 'LU', 'NL', 'PT'].map((code) => [code, 'eur' as const])),
};
const paidOutIn = (currency: string): string[] => Object.keys(countries).filter((code) => countries[code] === currency);

/** What connected accounts of a country can be and need; undefined where none can be paid out. */
export function countrySpecOf(country: string): Thing | undefined {
  const currency = Object.hasOwn(countries, country) ? countries[country] : undefined;
  if (currency === undefined) return undefined;
  const needs = (type: 'company' | 'individual'): Fields => ({ additional: [], minimum: requiredOf(type) });
  return {
    ...{ id: country, object: 'country_spec', default_currency: currency },
    supported_bank_account_currencies: Object.fromEntries(['usd', 'eur'].map((each) => [each, paidOutIn(each)])),
    ...{ supported_payment_currencies: [...currencies()], supported_payment_methods: ['card'] },
    ...{ supported_transfer_countries: Object.keys(countries).toSorted() },
    verification_fields: { company: needs('company'), individual: needs('individual') },
  };
}

export const countrySpecs = (): Thing[] =>
  Object.keys(countries)
    .toSorted()
    .flatMap((code) => countrySpecOf(code) ?? []);
