import { fieldsOf, type Thing } from '../../domain/json.ts';
import { changedPerson, newPerson } from '../../domain/person.ts';
import { changed } from '../change.ts';
import { invalid, missing, refuse } from '../fault.ts';
import { personsMax } from '../limits.ts';
import type { Condition, Kept } from '../object.ts';
import { eventsOf, found, keepNew, type World } from '../world.ts';
import { accountKind } from './account.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'person';

/** One represents an account. */
async function assertOneRepresentative({ world, desk, input }: Request, id: string): Promise<void> {
  if (fieldsOf(input.relationship).representative !== true) return;
  const where: Condition[] = [[`body->>'account' = ?`, String(input.account)], [`body->'relationship'->>'representative' = 'true'`]];
  const { items } = await world.objects.list(desk.at, kind, { limit: 2, where });
  if (items.some(({ thing }) => thing.id !== id))
    throw invalid('relationship[representative]', 'An account has one representative; take that from the other person first.');
}

async function create(request: Request): Promise<Thing> {
  const { world, desk, input } = request;
  const { account, ...given } = input;
  const { thing: owner } = await found(world, desk.at, accountKind, String(account), 'account');
  if (owner.business_type === 'individual')
    throw refuse('StateInvalid', 'The account is of an individual, who is said in `individual`: it has no other persons.');
  const id = desk.ids('person');
  return world.steps.on(desk.at, `persons ${owner.id}`, async () => {
    await assertOneRepresentative(request, id);
    const { items } = await world.objects.list(desk.at, kind, { limit: personsMax, where: [[`body->>'account' = ?`, owner.id]] });
    if (items.length >= personsMax && !desk.again) throw invalid('account', `An account has at most ${personsMax} persons.`);
    return keepNew(world, desk, newPerson(given, { id, created: desk.created, account: owner.id }), 'person.created');
  });
}

async function ownOf({ world, desk, id, input }: Request): Promise<Kept> {
  const kept = await found(world, desk.at, kind, id);
  if (kept.thing.account !== input.account) throw missing('person', id);
  return kept;
}

async function update(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  await ownOf(request);
  return world.steps.on(desk.at, `persons ${String(input.account)}`, async () => {
    await assertOneRepresentative(request, id);
    return changed(world, desk, kind, id, ({ thing }) => ({ next: changedPerson(thing, input) }), 'person.updated');
  });
}

async function remove(request: Request): Promise<Thing> {
  const { world, desk, id } = request;
  const kept = await ownOf(request);
  await world.objects.commit(desk.at, [world.objects.deletion(kept), ...(await eventsOf(world, desk, [['person.deleted', kept.thing]]))]);
  return { id, object: kind, deleted: true };
}

async function list({ world, desk, input }: Request) {
  const account = String(input.account);
  await found(world, desk.at, accountKind, account, 'account');
  const roles = Object.entries(fieldsOf(input.relationship)).map(
    ([role, is]): Condition => [`body->'relationship'->>? = ?`, role, String(is)],
  );
  const page = pageOf(input, { account: `body->>'account' = ?` });
  return listed(world.objects, desk.at, kind, { ...page, where: [...page.where, ...roles] }, `/v1/accounts/${account}/persons`);
}

export const personHandlers = (world: World) =>
  handlersOf(world, {
    CreatePerson: create,
    GetPerson: async (request) => (await ownOf(request)).thing,
    ListPersons: list,
    UpdatePerson: update,
    DeletePerson: remove,
  }) satisfies Partial<All>;
