import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { registerFaults } from '#kernel/contract/fault.ts';
import { implement } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { type Needs, servicePart } from '#kernel/session/part.ts';
import { openStripe } from './doors/stripe/door.ts';
import { Deliverer } from './jobs/deliver.ts';
import { Biller } from './jobs/bill.ts';
import { keepSweeping } from './jobs/sweep.ts';
import { payments } from './service.ts';
import { accountHandlers } from './store/handler/account.ts';
import { accountDue as settlementDue } from './store/bank-statement.ts';
import { journalHandlers } from './store/handler/journal.ts';
import { settlementHandlers } from './store/handler/settlement.ts';
import { bookkeeper, matcher, writerOff } from './store/mover/bank.ts';
import { Settled } from './store/settled.ts';
import { accountLinkHandlers } from './store/handler/account-link.ts';
import { accountPartHandlers } from './store/handler/account-part.ts';
import { accountDue, balanceSettingsHandlers, settingsDue } from './store/handler/balance-settings.ts';
import { feeRefundHandlers } from './store/handler/fee-refund.ts';
import { feeRefunder } from './store/mover/fee-refund.ts';
import { chargeHandlers } from './store/handler/charge.ts';
import { checkoutHandlers, sessionDue } from './store/handler/checkout.ts';
import { countrySpecHandlers } from './store/handler/country-spec.ts';
import { couponHandlers } from './store/handler/coupon.ts';
import { Commits } from './store/commit.ts';
import { Contents } from './store/content.ts';
import { Deliveries } from './store/delivery.ts';
import { creditNoteHandlers } from './store/handler/credit-note.ts';
import { customerHandlers } from './store/handler/customer.ts';
import { directChargeHandlers } from './store/handler/direct-charge.ts';
import { disputeHandlers } from './store/handler/dispute.ts';
import { feeHandlers } from './store/handler/fee.ts';
import { fileHandlers } from './store/handler/file.ts';
import { invoiceHandlers } from './store/handler/invoice.ts';
import { invoiceItemHandlers } from './store/handler/invoice-item.ts';
import { meterHandlers } from './store/handler/meter.ts';
import { entryDue } from './store/clearing.ts';
import { fileDue } from './store/clearing-file.ts';
import { paymentDue } from './store/cash.ts';
import { clearingFileHandlers } from './store/handler/clearing-file.ts';
import { microdepositHandlers } from './store/handler/microdeposit.ts';
import { screeningHandlers } from './store/handler/screening.ts';
import { listDue, Screens } from './store/screening.ts';
import { settler } from './store/mover/settle.ts';
import { waiter } from './store/mover/wait.ts';
import { networkHandlers } from './store/handler/network.ts';
import { paymentIntentHandlers } from './store/handler/payment-intent.ts';
import { paymentLinkHandlers } from './store/handler/payment-link.ts';
import { paymentMethodHandlers } from './store/handler/payment-method.ts';
import { bankAccountHandlers } from './store/handler/bank-account.ts';
import { cashHandlers } from './store/handler/cash.ts';
import { terminalHandlers } from './store/handler/terminal.ts';
import { routingHandlers } from './store/handler/routing.ts';
import { payoutHandlers } from './store/handler/payout.ts';
import { productHandlers } from './store/handler/product.ts';
import { setupIntentHandlers } from './store/handler/setup-intent.ts';
import { customerBalanceHandlers } from './store/handler/customer-balance.ts';
import { subscriptionHandlers } from './store/handler/subscription.ts';
import { subscriptionItemHandlers } from './store/handler/subscription-item.ts';
import { quoteDue, quoteHandlers } from './store/handler/quote.ts';
import { sourceHandlers } from './store/handler/source.ts';
import { statementHandlers } from './store/handler/statement.ts';
import { subjects } from './store/handler/subject.ts';
import { personHandlers } from './store/handler/person.ts';
import { planHandlers } from './store/handler/plan.ts';
import { taxIdHandlers } from './store/handler/tax-id.ts';
import { testClockHandlers } from './store/handler/test-clock.ts';
import { transferHandlers } from './store/handler/transfer.ts';
import { tokenHandlers } from './store/handler/token.ts';
import { webhookEndpointHandlers } from './store/handler/webhook-endpoint.ts';
import { placeNamed } from './store/challenge.ts';
import { invoiceDue } from './store/collect.ts';
import { subscriptionHappens } from './store/cycle.ts';
import type { Happenings } from './store/due.ts';
import { creditor } from './store/mover/credit-note.ts';
import { balancer, finalizer, voider } from './store/mover/finalize.ts';
import { funder } from './store/cash-step.ts';
import { Clocks } from './store/clock.ts';
import { Money } from './store/money.ts';
import { authorizer } from './store/mover/authorize.ts';
import { canceler, capturer, increaser } from './store/mover/capture.ts';
import { decider, disputer } from './store/mover/dispute.ts';
import { payer, payoutEnder, unpayer } from './store/mover/payout.ts';
import { refunder } from './store/mover/refund.ts';
import { teller } from './store/mover/tell.ts';
import { reverser, transferrer } from './store/mover/transfer.ts';
import { Networks } from './store/network.ts';
import { Objects } from './store/object.ts';
import { cardRail } from './store/rail.ts';
import { repeatsOver } from './store/repeat.ts';
import { Routes } from './store/routing.ts';
import { Rates } from './store/rate.ts';
import { risksOver } from './store/risk.ts';
import { riskHandlers } from './store/handler/risk.ts';
import { Secrets } from './store/secret.ts';
import { Steps } from './store/step.ts';
import { trainingEnded, versionDue } from './store/model.ts';
import { type Trained, Trainer } from './store/training.ts';
import { Usages } from './store/usage.ts';
import { Vault } from './store/vault.ts';
import type { World } from './store/world.ts';

registerFaults(payments.errors);

export const main = implement<typeof payments, Needs>(
  payments,
  async ({ needs, sealer, scopes, kindOf, allow, domains, run, now, log }) => {
    const { sql, ledgers } = needs;
    if (!sql || !ledgers) throw new TypeError('payments needs sql and a ledger');
    const commits = new Commits(sql);
    const objects = new Objects(sql, sealer, commits);
    const secrets = new Secrets(sql, sealer);
    const it = () => world;
    const movers = {
      ...{ authorize: authorizer(it), capture: capturer(it), cancel: canceler(it), increment: increaser(it), refund: refunder(it) },
      ...{ wait: waiter(it), settle: settler(it), dispute: disputer(it), decide: decider(it), payout: payer(it), unpay: unpayer(it) },
      ...{ payout_end: payoutEnder(it), finalize: finalizer(it), void: voider(it), balance: balancer(it), credit_note: creditor(it) },
      ...{ transfer: transferrer(it), reverse: reverser(it), fee_refund: feeRefunder(it), tell: teller(it), fund: funder(it) },
      ...{ bank_entry: bookkeeper(it), bank_match: matcher(it), bank_write_off: writerOff(it) },
    };
    const steps = new Steps(sql, sealer, objects, movers);
    const rates = new Rates(objects, now);
    const risks = risksOver(objects, now);
    const isLive = ({ scope }: { scope: bigint }) => kindOf(scope) === 'live';
    const vault = new Vault(join(run, 'payments-vault.sock'));
    const [networks, contents] = [new Networks(objects, now), new Contents(sql, sealer)];
    const outside = { vault, networks, rail: cardRail(vault, networks), routes: new Routes(objects, contents, now) };
    const beside = { usages: new Usages(sql), settled: new Settled(sql), contents, screens: new Screens(objects, contents), ...outside };
    const ended = (at: Placed, version: string, trained: Trained) => trainingEnded(world, at, version, trained, Math.floor(now() / 1000));
    const trainer = new Trainer({ objects, now, log, ended });
    const own = { objects, secrets, steps, rates, risks, trainer, isLive };
    const world: World = { ...own, clocks: new Clocks(), money: new Money(ledgers), ...beside };
    const deliveries = new Deliveries(sql);
    const deliverer = new Deliverer({ world, deliveries, scopes, allow, now, log }).start();
    objects.onDelivery = (at) => deliverer.wake(at);
    const biller = new Biller({ world, happenings, scopes, now, log }).start();
    const stopSweeping = keepSweeping({ world, scopes, log });
    return {
      handlers: handlersOver(world, deliveries),
      providers: Object.fromEntries(Object.keys(payments.resources).map((kind) => [kind, absent])) as never,
      repeats: repeatsOver({ sql, commits, sealer, secrets, boot: randomUUID() }),
      // A page has no key: whoever knows the client secret of what it is about is let in, for that alone.
      authorize: ({ caller, input, identityAllows }) =>
        identityAllows || (caller.face === 'anonymous' && typeof (input as { client_secret?: unknown }).client_secret === 'string'),
      placeOf: (name) => {
        const at = placeNamed(name);
        return at && kindOf(at.scope) ? at : undefined;
      },
      doors: { stripe: (place) => openStripe(place, domains, vault) },
      async stop() {
        await deliverer.stop();
        await biller.stop();
        await stopSweeping();
        await outside.routes.stop();
        await trainer.stop();
        vault.close();
      },
    };
  },
);

/** Connected accounts, and what is paid out to whom. */
const connectHandlers = (world: World) => ({
  ...{ ...accountHandlers(world), ...accountPartHandlers(world), ...accountLinkHandlers(world), ...feeRefundHandlers(world) },
  ...{
    ...personHandlers(world),
    ...transferHandlers(world),
    ...balanceSettingsHandlers(world),
    ...payoutHandlers(world),
    ...feeHandlers(world),
  },
  ...{ ...settlementHandlers(world), ...journalHandlers(world) },
});

/** What answers each operation. */
const handlersOver = (world: World, deliveries: Deliveries) => ({
  ...customerHandlers(world),
  ...paymentMethodHandlers(world),
  ...paymentIntentHandlers(world),
  ...chargeHandlers(world),
  ...directChargeHandlers(world),
  ...{ ...bankAccountHandlers(world), ...routingHandlers(world), ...terminalHandlers(world), ...cashHandlers(world) },
  ...{ ...productHandlers(world), ...planHandlers(world), ...taxIdHandlers(world), ...sourceHandlers(world) },
  ...meterHandlers(world),
  ...{ ...fileHandlers(world), ...clearingFileHandlers(world), ...microdepositHandlers(world), ...screeningHandlers(world) },
  ...couponHandlers(world),
  ...invoiceItemHandlers(world),
  ...invoiceHandlers(world),
  ...subscriptionHandlers(world),
  ...subscriptionItemHandlers(world),
  ...customerBalanceHandlers(world),
  ...creditNoteHandlers(world),
  ...{ ...checkoutHandlers(world), ...quoteHandlers(world), ...countrySpecHandlers(world) },
  ...paymentLinkHandlers(world),
  ...connectHandlers(world),
  ...testClockHandlers(world),
  ...riskHandlers(world),
  ...networkHandlers(world),
  ...statementHandlers(world, deliveries),
  ...setupIntentHandlers(world),
  ...tokenHandlers(world),
  ...disputeHandlers(world),
  ...webhookEndpointHandlers(world),
  ...subjects(world),
});

/** What happens by itself, by kind of object. */
const happenings: Happenings = {
  ...{ subscription: subscriptionHappens, invoice: invoiceDue, 'checkout.session': sessionDue, payment_intent: paymentDue },
  ...{ balance_settings: settingsDue, account: accountDue, settlement_account: settlementDue },
  ...{ clearing_entry: entryDue, clearing_file: fileDue, screening_list: listDue, 'radar.model_version': versionDue, quote: quoteDue },
};

/** Objects have no attributes that policy could ask for. */
const absent = { attributes: () => undefined };

export const part = servicePart(main, { migrations: new URL('store/migration', import.meta.url) });
