import { countrySpecOf, countrySpecs } from '../../domain/country-spec.ts';
import { missing } from '../fault.ts';
import type { World } from '../world.ts';
import { type All, handlersOf } from './handlers.ts';
import { sliced } from './list.ts';

export const countrySpecHandlers = (world: World) =>
  handlersOf(world, {
    GetCountrySpec: async ({ id }) => {
      const spec = countrySpecOf(id);
      if (!spec) throw missing('country', id, 'country');
      return spec;
    },
    ListCountrySpecs: async ({ input }) => sliced(countrySpecs(), input, '/v1/country_specs'),
  }) satisfies Partial<All>;
