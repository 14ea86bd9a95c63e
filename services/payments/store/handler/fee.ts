import type { Json, Thing } from '../../domain/json.ts';
import { emptySchedule } from '../rate.ts';
import { keepNew, type World } from '../world.ts';
import { changed } from '../change.ts';
import { type All, handlersOf, type Request } from './handlers.ts';

const kind = 'fee_schedule';

async function get({ world, desk }: Request): Promise<Thing> {
  return (await world.objects.get(desk.at, kind, kind))?.thing ?? emptySchedule(0);
}

async function put({ world, desk, input }: Request): Promise<Thing> {
  await keepNew(world, desk, emptySchedule(desk.created));
  const next = await changed(world, desk, kind, kind, ({ thing }) => ({ next: { ...thing, rates: input.rates as Json } }));
  world.rates.forget(desk.at);
  return next;
}

export const feeHandlers = (world: World) => handlersOf(world, { GetFeeSchedule: get, PutFeeSchedule: put }) satisfies Partial<All>;
