import type { Statement } from '#seams/sql/sql.ts';
import { newFraudWarning } from '../domain/fraud-warning.ts';
import type { Thing } from '../domain/json.ts';
import { type Desk, eventsOf, type World } from './world.ts';

export const warningKind = 'radar.early_fraud_warning';

/** The statements that keep a warning of a charge, and tell of it. */
export async function warned(world: World, desk: Desk, charge: Thing): Promise<Statement[]> {
  const warning = newFraudWarning({ id: desk.ids('issfr'), created: desk.created, charge });
  const kept = await world.objects.insertion(desk.at, warning);
  return [kept, ...(await eventsOf(world, desk, [['radar.early_fraud_warning.created', warning]]))];
}

/** Nothing can be done about a warning any more: its charge was given back or contested. */
export async function warningsOver(world: World, desk: Desk, charge: Thing): Promise<Statement[]> {
  const open = { limit: 1, where: [['charge = ?', charge.id], [`body->>'actionable' = 'true'`]] } as const;
  const { items } = await world.objects.list(desk.at, warningKind, open);
  const statements = items.map(async (kept) => {
    const next: Thing = { ...kept.thing, actionable: false };
    const told = await eventsOf(world, desk, [['radar.early_fraud_warning.updated', next, kept.thing]]);
    return [await world.objects.change(desk.at, kept, next), ...told];
  });
  return (await Promise.all(statements)).flat();
}
