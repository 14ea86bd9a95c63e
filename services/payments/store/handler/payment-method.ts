import { textOf, type Thing } from '../../domain/json.ts';
import { changedPaymentMethod } from '../../domain/payment-method.ts';
import { changed } from '../change.ts';
import { refuse } from '../fault.ts';
import { attach, methodNamed, newMethod } from '../method.ts';
import { found } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

async function create({ world, desk, input }: Request): Promise<Thing> {
  return newMethod(world, desk, input);
}

async function update({ world, desk, id, input }: Request): Promise<Thing> {
  const change = ({ thing }: { thing: Thing }) => ({ next: changedPaymentMethod(thing, input) });
  return changed(world, desk, 'payment_method', id, change, 'payment_method.updated');
}

async function list({ world, desk, input }: Request) {
  const customer = textOf(input.customer);
  if (customer !== undefined) await found(world, desk.at, 'customer', customer, 'customer');
  const page = pageOf(input, { customer: 'customer = ?', type: `body->>'type' = ?` });
  return listed(world.objects, desk.at, 'payment_method', page, '/v1/payment_methods');
}

async function detach({ world, desk, id }: Request): Promise<Thing> {
  const change = ({ thing, hidden }: { thing: Thing; hidden: Request['input'] }) => {
    if (thing.customer === null)
      throw refuse('StateInvalid', 'The payment method you provided is not attached to a customer so detachment is impossible.');
    return { next: { ...thing, customer: null }, hidden: { ...hidden, detached: true } };
  };
  return changed(world, desk, 'payment_method', id, change, 'payment_method.detached');
}

export const paymentMethodHandlers = (world: Request['world']) =>
  handlersOf(world, {
    CreatePaymentMethod: create,
    GetPaymentMethod: async ({ world, desk, id }) => (await found(world, desk.at, 'payment_method', id)).thing,
    UpdatePaymentMethod: update,
    ListPaymentMethods: list,
    AttachPaymentMethod: async ({ world, desk, id, input }) =>
      attach(world, desk, await methodNamed(world, desk, id), String(input.customer)),
    DetachPaymentMethod: detach,
  }) satisfies Partial<All>;
