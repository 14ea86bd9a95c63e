import type { Statement } from '#seams/sql/sql.ts';
import { type BalanceType, newBalanceLine } from '../domain/customer-balance.ts';
import type { Fields, Thing } from '../domain/json.ts';
import { sure } from './mover/authorize.ts';
import type { Desk, World } from './world.ts';

type Credited = { readonly amount: number; readonly currency: string; readonly type: BalanceType; readonly given: Fields };

/** Moves what a customer has with the business, within a step; `cause` names the movement forever. Less than nothing is credit. */
export async function balanced(world: World, desk: Desk, customer: Thing, cause: string, { amount, currency, type, given }: Credited) {
  const own = { id: desk.ids('cbtxn'), created: desk.created, livemode: desk.livemode };
  if (amount === 0) return { next: customer, statements: [] as Statement[], line: undefined };
  sure(await world.money.credit(desk.at, currency, customer.id, { intent: cause, step: type }, -amount));
  const ending = Number(customer.balance) + amount;
  const line = newBalanceLine(given, { customer: customer.id, currency, amount, ending, type }, own);
  const next: Thing = { ...customer, balance: ending, currency: customer.currency ?? currency };
  return { next, statements: [await world.objects.insertion(desk.at, line)], line };
}
