import { warningKind } from '../fraud-warning.ts';
import { found, type World } from '../world.ts';
import { type All, handlersOf } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const warningFilters = { charge: 'charge = ?', payment_intent: 'payment_intent = ?' };

export const radarHandlers = (world: World) =>
  handlersOf(world, {
    GetEarlyFraudWarning: async ({ world, desk, id }) => (await found(world, desk.at, warningKind, id)).thing,
    ListEarlyFraudWarnings: ({ world, desk, input }) =>
      listed(world.objects, desk.at, warningKind, pageOf(input, warningFilters), '/v1/radar/early_fraud_warnings'),
  }) satisfies Partial<All>;
