import { factsOf } from '../../domain/card.ts';
import { newPresentMethod } from '../../domain/card-present.ts';
import { type Fields, textOf, type Thing } from '../../domain/json.ts';
import { testCardName } from '../../domain/test-card.ts';
import { invalid, refuse } from '../fault.ts';
import { asJson } from '../payment.ts';
import { found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { confirmed } from './payment-intent.ts';

/** Has the simulated terminal take a payment: the card's chip says what it says of this amount, and the payment is confirmed with it. */
async function present(request: Request): Promise<Thing> {
  const { world, desk, id, input } = request;
  const { thing: intent } = await found(world, desk.at, 'payment_intent', id);
  if (desk.livemode) throw refuse('StateInvalid', 'The terminal is simulated, and reads test cards alone.');
  const types = intent.payment_method_types as readonly string[];
  if (!types.includes('card_present'))
    throw refuse('StateInvalid', `The PaymentIntent ${id} is not to be paid at a terminal: its payment_method_types have no card_present.`);
  const card = testCardName(`pm_card_${String(input.card)}`);
  if (card === undefined) throw invalid('card', `There is no test card ${String(input.card)}.`);
  const entry = input.entry === 'contactless' ? 'contactless' : 'chip';
  const method = desk.ids('pm');
  // The same request again finds what the terminal said the first time.
  if (!(await world.objects.get(desk.at, 'payment_method', method))) {
    const asked = { card, amount: Number(intent.amount), currency: String(intent.currency), entry, pin: textOf(input.pin) ?? null };
    const said = (await world.vault.present(desk.at, asked)) as Fields;
    if (said.untaken === true) throw invalid('currency', `The simulated terminal takes no ${String(intent.currency)}.`);
    const known = await world.vault.test(desk.at, card);
    const facts = factsOf(known, 12, new Date(desk.created * 1000).getUTCFullYear() + 1);
    const own = { id: method, created: desk.created, livemode: desk.livemode };
    const hidden: Fields = { card: { test: card }, behaviour: asJson(known.behaviour), alias: known.alias, present: said };
    await world.objects.commit(desk.at, [await world.objects.insertion(desk.at, newPresentMethod(facts, entry, own), hidden)]);
  }
  return confirmed(request, { payment_method: method });
}

export const terminalHandlers = (world: World) => handlersOf(world, { PresentCard: present }) satisfies Partial<All>;
