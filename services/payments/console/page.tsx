import type { ServicePages } from '#console/service-page.ts';
import { BalancePage } from './balance.tsx';
import { connectStripe } from './connect.ts';
import { DisputePage } from './dispute.tsx';
import { NetworkPage } from './network.tsx';
import { objectList, objectPage } from './objects.tsx';
import { PaymentsOverview } from './overview.tsx';
import { PaymentPage } from './payment.tsx';
import { Reconciliation } from './reconciliation.tsx';
import { Rules } from './rules.tsx';
import { SubscriptionPage } from './subscription.tsx';
import './payments.css';

/** Kinds that are shown in the form of the API: where their list is, and where one of them is. */
const objects = {
  'payment-intents': ['ListPaymentIntents', 'payments', 'GetPaymentIntent'],
  charges: ['ListCharges', 'charges', 'GetCharge'],
  disputes: ['ListDisputes', 'disputes', 'GetDispute'],
  reviews: ['ListReviews', 'reviews', 'GetReview'],
  refunds: ['ListRefunds', 'refunds', 'GetRefund'],
  subscriptions: ['ListSubscriptions', 'subscriptions', 'GetSubscription'],
  invoices: ['ListInvoices', 'invoices', 'GetInvoice'],
  payouts: ['ListPayouts', 'payouts', 'GetPayout'],
  customers: ['ListCustomers', 'customers', 'GetCustomer'],
  'payment-methods': ['ListPaymentMethods', 'payment methods', 'GetPaymentMethod'],
  'balance-transactions': ['ListBalanceTransactions', 'lines of the statement', 'GetBalanceTransaction'],
  events: ['ListEvents', 'events', 'GetEvent'],
} as const;
const plurals = Object.entries(objects);

/** Payments' own pages: payments as they come, each with all that was decided of it, rules, disputes, balances, the simulated world. */
const pages: ServicePages = {
  order: ['payment-intents', 'risk-rules', 'disputes', 'balances', 'subscriptions', 'card-networks', ...Object.keys(objects)],
  overview: PaymentsOverview,
  places: [{ path: 'reconciliation', title: 'Reconciliation', page: Reconciliation, operation: 'ListSettlementExceptions' }],
  lists: {
    ...Object.fromEntries(plurals.map(([plural, [list, title]]) => [plural, objectList(list, plural, title)])),
    ...{ 'risk-rules': Rules, balances: BalancePage, 'card-networks': NetworkPage },
  },
  things: {
    ...Object.fromEntries(plurals.map(([plural, [, , get]]) => [plural, objectPage(get)])),
    ...{ 'payment-intents': PaymentPage, disputes: DisputePage, subscriptions: SubscriptionPage },
    'risk-rules': objectPage('GetRiskRule'),
  },
  connect: { stripe: connectStripe },
};

export default pages;
