import { createHash } from 'node:crypto';
import { textOf, type Thing } from '../../domain/json.ts';
import { changed } from '../change.ts';
import { invalid } from '../fault.ts';
import { listsMax } from '../limits.ts';
import { listKind, matchKind } from '../screening.ts';
import { keepNew, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

async function put({ world, desk, input }: Request): Promise<Thing> {
  const entries = Buffer.from(JSON.stringify(input.entries));
  const name = String(input.name);
  const id = `screening_list_${name}`;
  const { items } = await world.objects.list(desk.at, listKind, { limit: listsMax, where: [] });
  if (items.length >= listsMax && !items.some(({ thing }) => thing.id === id))
    throw invalid('name', `There are at most ${listsMax} lists.`);
  const content = `screening ${name} ${createHash('sha256').update(entries).digest('hex')}`;
  await world.objects.commit(desk.at, [await world.contents.insertion(desk.at, content, entries)]);
  const fresh: Thing = { id, object: listKind, created: desk.created, livemode: desk.livemode, name, entries: 0, updated: desk.created };
  await keepNew(world, desk, fresh);
  const next = await changed(world, desk, listKind, id, ({ thing, hidden }) => {
    const old = textOf(hidden.content);
    const also = old === undefined || old === content ? [] : [world.contents.deletion(old)];
    const count = (input.entries as readonly unknown[]).length;
    return { next: { ...thing, entries: count, updated: desk.created }, hidden: { ...hidden, content, due: desk.created }, also };
  });
  world.steps.onDue(desk.at, desk.created);
  return next;
}

async function screen({ world, desk, input }: Request) {
  const found = await world.screens.find(desk.at, String(input.name), textOf(input.birth_date), textOf(input.country));
  return { object: 'screening', matches: found.map(({ id, list, name, score, reasons }) => ({ list, entry: id, name, score, reasons })) };
}

export const screeningHandlers = (world: World) =>
  handlersOf(world, {
    PutScreeningList: put,
    ScreenName: screen,
    ListScreeningLists: ({ world, desk, input }) => listed(world.objects, desk.at, listKind, pageOf(input, {}), '/v1/screening_lists'),
    ListScreeningMatches: ({ world, desk, input }) =>
      listed(world.objects, desk.at, matchKind, pageOf(input, { customer: 'customer = ?' }), '/v1/screening_matches'),
  }) satisfies Partial<All>;
