import type { Placed } from '#kernel/contract/provider.ts';
import type { Statement } from '#seams/sql/sql.ts';
import type { Fields } from '../domain/json.ts';
import { shownTaxId } from '../domain/tax-id.ts';
import { taxIdsMax } from './limits.ts';
import type { World } from './world.ts';

export const taxIdKind = 'tax_id';

/** The tax ids of a customer as their invoices name them, oldest first. */
export async function taxIdsOf(world: World, at: Placed, customer: string): Promise<Fields[]> {
  const { items } = await world.objects.list(at, taxIdKind, { limit: taxIdsMax, where: [['customer = ?', customer]] });
  return items.map(({ thing }) => shownTaxId(thing)).reverse();
}

/** What goes with a customer. */
export const taxIdErasure = (customer: string): Statement => ({
  text: 'delete from object where kind = $1 and customer = $2',
  params: [taxIdKind, customer],
});
