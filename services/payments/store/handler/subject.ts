import { type Kept, subjectHandlers, type SubjectItem } from '#kernel/privacy/subject.ts';
import { subjectLabel } from '#kernel/privacy/subject-word.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { json, type Statement } from '#seams/sql/sql.ts';
import { type Fields, fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { accountContent } from '../bank.ts';
import type { World } from '../world.ts';

/** What a subject is called in an environment: as they name themselves, and as the customers that they are. */
type Names = ReadonlySet<string>;

/** Whether a text in a value is one of the names; case does not count, as in addresses. */
function says(value: unknown, names: Names): boolean {
  if (typeof value === 'string') return names.has(value.toLowerCase());
  return typeof value === 'object' && value !== null && Object.values(value).some((inner) => says(inner, names));
}

const labelOf = ({ metadata }: Thing): unknown => (metadata as Fields | null | undefined)?.[subjectLabel];

/** Whether a customer is somebody: by id, address, or metadata. */
const isNamed = (thing: Thing, names: Names): boolean => says([thing.id, thing.email, labelOf(thing)], names);

/** All that says their name, or the id of a customer that they are. */
async function* about({ objects }: World, at: Placed, subject: string): AsyncGenerator<Thing> {
  const own = new Set([subject.toLowerCase()]);
  const names = new Set(own);
  for await (const thing of objects.each(at, 'customer')) if (isNamed(thing, own)) names.add(thing.id.toLowerCase());
  for await (const thing of objects.each(at)) if (thing.deleted !== true && says(thing, names)) yield thing;
}

/** What is nothing without the person. */
const passing: ReadonlySet<string> = new Set([
  'event',
  'payment_method',
  'token',
  'confirmation_token',
  'screening_match',
  'tax_id',
  'person',
]);

/** What moved money stays, without what says who it was. */
function erasureOf(thing: Thing): Statement {
  const { id, object } = thing;
  if (passing.has(object)) return { text: 'delete from object where id = $1', params: [id] };
  if (object === 'customer')
    return {
      text: `update object set kind = 'deleted_customer', body = $2, sealed = null, hidden = '{}', mark = null, version = version + 1
             where id = $1`,
      params: [id, json({ id, object, deleted: true })],
    };
  return {
    text: `update object set sealed = null, body = body #- array['metadata', $2::text], version = version + 1 where id = $1`,
    params: [id, subjectLabel],
  };
}

/** The number of a card is gone before what stands for it is. */
async function shred({ objects, vault }: World, at: Placed, { object, id }: Thing): Promise<void> {
  if (object !== 'payment_method' && object !== 'token') return;
  const token = textOf(fieldsOf((await objects.get(at, object, id))?.hidden.card).token);
  if (token !== undefined) await vault.shred(at, token);
}

/** The number of an account goes, and the name on what was debited from it; files that went to a clearing house stay as they went. */
const accountErasure = (world: World, method: string): Statement[] => [
  world.contents.deletion(accountContent(method)),
  {
    text: `update object set sealed = null, version = version + 1 where kind = 'clearing_entry' and body->>'payment_method' = $1`,
    params: [method],
  },
];

const reason = 'The law on accounts keeps what was paid; who paid is gone from it.';

/** Export and erasure of who paid: customers by address, id or metadata, and all that is theirs. */
export const subjects = (world: World) =>
  subjectHandlers('payments', {
    async *find(at, subject): AsyncGenerator<SubjectItem> {
      for await (const thing of about(world, at, subject)) yield { kind: thing.object, name: thing.id, data: thing };
    },
    async erase(at, subject) {
      const things: Thing[] = [];
      for await (const thing of about(world, at, subject)) things.push(thing);
      const left = things.filter(({ object }) => object !== 'customer' && !passing.has(object));
      // Customers last: by them the rest is found again, should this be cut short.
      const order = things.toSorted((a, b) => Number(a.object === 'customer') - Number(b.object === 'customer'));
      for (const thing of order) {
        const used = thing.object === 'customer' ? [world.usages.erasure(thing.id)] : [];
        await shred(world, at, thing);
        const account = thing.object === 'payment_method' ? accountErasure(world, thing.id) : [];
        await world.objects.commit(at, [erasureOf(thing), ...used, ...account]);
      }
      const kept = left.map(({ object, id }): Kept => ({ kind: object, name: id, reason }));
      return { erased: things.length - left.length, kept };
    },
  });
