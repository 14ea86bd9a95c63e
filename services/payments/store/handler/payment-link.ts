import { changedLink, newPaymentLink } from '../../domain/checkout.ts';
import { type Fields, fieldsOf, type Thing } from '../../domain/json.ts';
import { checkMoney } from '../amount.ts';
import { placeText } from '../challenge.ts';
import { changed } from '../change.ts';
import { missing, refuse } from '../fault.ts';
import { asJson } from '../payment.ts';
import { found, keepNew, type World } from '../world.ts';
import { itemsOfRequest, openedSession, shownItems } from './checkout.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const kind = 'payment_link';
const secretLength = 24;

async function create(asked: Request): Promise<Thing> {
  const { world, desk, context } = asked;
  const id = desk.ids('plink');
  const recurring = await recurs(asked);
  const mode = recurring ? 'subscription' : 'payment';
  const request = { ...asked, input: { ...asked.input, mode } };
  const { items, total, currency } = await itemsOfRequest(request);
  if (!recurring) checkMoney(total, currency);
  const secret = await world.secrets.hash(desk.at, 'payment link', id, secretLength);
  const url = `${context.pages ?? ''}/b/${placeText(desk.at)}/${id}?client_secret=${secret}`;
  const link = newPaymentLink(asked.input, currency, url, { id, created: desk.created, livemode: desk.livemode });
  // The prices are those of now; a price that a request brings is made once.
  const line_items = items.map(({ price, quantity = 1, rates }) => ({
    ...{ price: (price as Thing).id, quantity, tax_rates: (rates as Thing[]).map((rate) => rate.id) },
  }));
  return keepNew(world, desk, link, 'payment_link.created', { hidden: { secret, mode, line_items, items: asJson(items) } });
}

/** Whether anything that is sold is paid again and again. */
async function recurs({ world, desk, input }: Request): Promise<boolean> {
  for (const line of input.line_items as Fields[]) {
    if (fieldsOf(line.price_data).recurring != null) return true;
    const price = typeof line.price === 'string' ? await world.objects.get(desk.at, 'price', line.price) : undefined;
    if (price?.thing.type === 'recurring') return true;
  }
  return false;
}

/** Makes a page for somebody who came. */
async function open(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const { thing, hidden } = await found(world, desk.at, kind, id);
  if (input.client_secret !== hidden.secret) throw missing(kind, id);
  if (thing.active !== true) throw refuse('StateInvalid', 'This payment link is not open any more.');
  const { metadata = {}, payment_intent_data = null, subscription_data = null, customer_creation = 'if_required' } = thing;
  const after = fieldsOf(fieldsOf(thing.after_completion).redirect).url ?? null;
  const wanted: Fields = {
    ...{ mode: hidden.mode ?? 'payment', line_items: hidden.line_items ?? [], metadata, success_url: after, payment_link: id },
    ...{ payment_intent_data, subscription_data, customer_creation },
  };
  return openedSession({ ...request, input: wanted });
}

export const paymentLinkHandlers = (world: World) =>
  handlersOf(world, {
    CreatePaymentLink: create,
    GetPaymentLink: async ({ world, desk, id }) => (await found(world, desk.at, kind, id)).thing,
    ListPaymentLinks: ({ world, desk, input }) =>
      listed(world.objects, desk.at, kind, pageOf(input, { active: `body->>'active' = ?` }), '/v1/payment_links'),
    ListPaymentLinkItems: async ({ world, desk, id }) => {
      const { hidden } = await found(world, desk.at, kind, id);
      return { object: 'list', data: shownItems(hidden), has_more: false, url: `/v1/payment_links/${id}/line_items` };
    },
    UpdatePaymentLink: ({ world, desk, id, input }) =>
      changed(world, desk, kind, id, ({ thing }) => ({ next: changedLink(thing, input) }), 'payment_link.updated'),
    OpenPaymentLink: open,
  }) satisfies Partial<All>;
