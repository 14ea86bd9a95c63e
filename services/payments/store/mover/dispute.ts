import type { Statement } from '#seams/sql/sql.ts';
import { evidenceFields } from '../../contract/setup-intent.ts';
import { newBalanceTransaction } from '../../domain/balance-transaction.ts';
import { newDispute } from '../../domain/dispute.ts';
import { fieldsOf, textOf, type Thing } from '../../domain/json.ts';
import { warned, warningsOver } from '../fraud-warning.ts';
import { behind, paymentNamed } from '../payment.ts';
import { reviewEnded } from '../review.ts';
import type { Mover } from '../step.ts';
import { type Desk, deskOfStep, eventsOf, found, type World } from '../world.ts';
import { sure } from './authorize.ts';

const booked = (desk: Desk, dispute: Thing, amount: number, category: 'dispute' | 'dispute_reversal'): Thing =>
  newBalanceTransaction({
    ...{ id: desk.ids('txn'), amount, currency: String(dispute.currency), created: desk.created, source: dispute.id, type: 'adjustment' },
    ...{ category, description: `Chargeback ${amount < 0 ? 'withdrawal' : 'reversal'} for ${String(dispute.charge)}` },
    availableOn: desk.created,
  });

/** A cardholder contests a payment: the simulated network takes the money back until that is decided; an inquiry only asks. */
export const disputer =
  (worlds: () => World): Mover =>
  async (at, { id, subject, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, id, fieldsOf(input.desk));
    const payment = await paymentNamed(world, at, subject);
    const charge = await found(world, at, 'charge', textOf(payment.thing.latest_charge) ?? '');
    const reason = String(input.reason);
    // Some issuers warn, and nobody contests.
    if (reason === 'warning') return { statements: await warned(world, desk, charge.thing) };
    const made = newDispute({ id: desk.ids('dp'), created: desk.created, charge: charge.thing, reason, evidence: evidenceFields });
    const disputed: Thing = { ...charge.thing, disputed: true };
    const statements: Statement[] = [await world.objects.change(at, charge, disputed)];
    const events: [string, Thing][] = [];
    let dispute = made;
    if (reason !== 'inquiry') {
      sure(await world.money.dispute(at, payment.money, made.id, Number(made.amount), 'withdraw'));
      const line = booked(desk, made, -Number(made.amount), 'dispute');
      dispute = { ...made, balance_transactions: [line] };
      statements.push(await world.objects.insertion(at, line));
      events.push(['charge.dispute.funds_withdrawn', dispute]);
    }
    if (dispute.status === 'lost') events.push(['charge.dispute.closed', dispute]);
    statements.push(
      await world.objects.insertion(at, dispute, behind(payment.thing)),
      ...(await eventsOf(world, desk, [['charge.dispute.created', dispute], ...events])),
      ...(await reviewEnded(world, desk, charge.thing, 'disputed')),
      ...(await warningsOver(world, desk, charge.thing)),
    );
    return { statements };
  };

/** A dispute is decided: what was won comes back. */
export const decider =
  (worlds: () => World): Mover =>
  async (at, { id, subject, input }) => {
    const world = worlds();
    const desk = deskOfStep(at, id, fieldsOf(input.desk));
    const payment = await paymentNamed(world, at, subject);
    const kept = await found(world, at, 'dispute', String(input.dispute));
    const status = String(input.outcome);
    const statements: Statement[] = [];
    const events: [string, Thing][] = [];
    let dispute: Thing = { ...kept.thing, status };
    if (status === 'won') {
      sure(await world.money.dispute(at, payment.money, dispute.id, Number(dispute.amount), 'reinstate'));
      const line = booked(desk, dispute, Number(dispute.amount), 'dispute_reversal');
      dispute = { ...dispute, balance_transactions: [...(dispute.balance_transactions as Thing[]), line] };
      statements.push(await world.objects.insertion(at, line));
      events.push(['charge.dispute.funds_reinstated', dispute]);
    }
    statements.push(
      await world.objects.change(at, kept, dispute),
      ...(await eventsOf(world, desk, [['charge.dispute.closed', dispute], ...events])),
    );
    return { statements };
  };
