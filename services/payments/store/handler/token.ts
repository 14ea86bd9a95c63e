import { fieldsOf, type Fields, type Thing } from '../../domain/json.ts';
import { newConfirmationToken, newToken } from '../../domain/token.ts';
import { methodGiven } from '../choice.ts';
import { invalid, refuse } from '../fault.ts';
import { confirmationTokenSeconds } from '../limits.ts';
import { knownCard } from '../method.ts';
import { asJson } from '../payment.ts';
import { found, keepNew } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';

async function create({ world, desk, input }: Request): Promise<Thing> {
  const given = fieldsOf(input.card);
  const own = { id: desk.ids('tok'), created: desk.created, livemode: desk.livemode };
  const { facts, hidden } = await knownCard(world, desk, given, own);
  // The name on the card is said back once, and not kept.
  const token = newToken(facts, given, desk.ids('card'), own);
  const kept: Thing = { ...token, card: nameless(fieldsOf(token.card)) };
  await keepNew(world, desk, kept, undefined, { hidden: { ...hidden, facts: asJson(facts) } });
  return token;
}

const personal = ['name', 'address_city', 'address_country', 'address_line1', 'address_line2', 'address_state', 'address_zip'];
const nameless = (card: Fields): Fields => ({ ...card, ...Object.fromEntries(personal.map((name) => [name, null])) });

async function confirmation({ world, desk, input }: Request): Promise<Thing> {
  if (desk.livemode) throw refuse('StateInvalid', 'Confirmation tokens are made here in test environments only.');
  const method = await methodGiven(world, desk, input.payment_method, input.payment_method_data);
  if (!method) throw invalid('payment_method', 'Missing required param: payment_method.', 'parameter_missing');
  const own = { id: desk.ids('ctoken'), created: desk.created, livemode: desk.livemode };
  const token = newConfirmationToken(input, method.thing, desk.created + confirmationTokenSeconds, own);
  return keepNew(world, desk, token, undefined, { hidden: { method: method.thing.id } });
}

const reader =
  (kind: string) =>
  async ({ world, desk, id }: Request): Promise<Thing> =>
    (await found(world, desk.at, kind, id)).thing;

export const tokenHandlers = (world: Request['world']) =>
  handlersOf(world, {
    CreateToken: create,
    GetToken: reader('token'),
    CreateTestConfirmationToken: confirmation,
    GetConfirmationToken: reader('confirmation_token'),
    GetMandate: reader('mandate'),
  }) satisfies Partial<All>;
