import { acquirers } from '../../domain/acquirer.ts';
import type { Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { missing } from '../fault.ts';
import { routesShownMax } from '../limits.ts';
import { asJson } from '../payment.ts';
import { plainRouting, routingKind } from '../routing.ts';
import { keepNew, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';

const shown = async ({ world, desk }: Request) => ({ ...(await world.routes.shown(desk.at)), acquirers: asJson(acquirers) });

async function put(request: Request): Promise<object> {
  const { world, desk, input } = request;
  const fresh = plainRouting(desk.created);
  await keepNew(world, desk, fresh);
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
  await changed(world, desk, routingKind, routingKind, ({ thing }) => ({
    next: { ...fresh, ...given, id: thing.id, created: thing.created ?? 0, since: Number(thing.since) + 1 } as Thing,
  }));
  await world.routes.forget(desk.at);
  return shown(request);
}

/** The decisions behind the charges of a payment, or behind one charge. */
async function trace({ world, desk, id }: Request): Promise<object> {
  const where = [[`? in (id, body->>'payment_intent')`, id]] as const;
  const { items } = await world.objects.list(desk.at, 'charge', { limit: routesShownMax, where });
  if (items.length === 0) throw missing('payment_intent', id);
  const routes = items.map(({ thing, hidden }) => ({ charge: thing.id, created: thing.created ?? 0, route: hidden.route ?? null }));
  return { id, object: 'payment_route', routes };
}

export const routingHandlers = (world: World) =>
  handlersOf(world, { GetRouting: shown, PutRouting: put, GetPaymentRoute: trace }) satisfies Partial<All>;
