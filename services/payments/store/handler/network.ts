import type { Json, Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { fairNetwork, networkKind } from '../network.ts';
import { asJson } from '../payment.ts';
import { keepNew, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';

async function get({ world, desk }: Request): Promise<Thing> {
  const kept = (await world.objects.get(desk.at, networkKind, networkKind))?.thing ?? fairNetwork(0);
  const { messages, books } = await world.vault.network(desk.at);
  return { ...kept, messages: asJson(messages), books: asJson(books) };
}

async function put({ world, desk, input }: Request): Promise<Thing> {
  const fresh = fairNetwork(desk.created);
  await keepNew(world, desk, fresh);
  const conditions = { ...(fresh.conditions as object), ...input } as Json;
  const next = await changed(world, desk, networkKind, networkKind, ({ thing }) => ({ next: { ...thing, conditions } }));
  world.networks.forget(desk.at);
  // A network that was down is told at once what it missed; what fails stays open for the next sweep.
  void world.steps.sweep(desk.at).catch(() => undefined);
  return next;
}

export const networkHandlers = (world: World) => handlersOf(world, { GetCardNetwork: get, PutCardNetwork: put }) satisfies Partial<All>;
