import type { Operation } from '#kernel/contract/contract.ts';
import { Found, input, List, nothing, page, read } from './field.ts';

const on = { on: 'CountrySpec' } as const;

/** What connected accounts of a country can be and need here. */
export const countrySpecOperations = {
  GetCountrySpec: { ...on, ...read, text: 'Read what accounts of a country can be and need.', input: nothing, output: Found },
  ListCountrySpecs: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List what accounts of each country can be and need.',
    input: input(page),
    output: List,
  },
} as const satisfies Record<string, Operation>;
