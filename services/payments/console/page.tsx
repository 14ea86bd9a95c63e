import type { ServicePages } from '#console/service-page.ts';
import { connectStripe } from './connect.ts';
import { Reconciliation } from './reconciliation.tsx';
import { objectList, objectPage } from './objects.tsx';

/** Payments' own pages: objects in the form of the API, and lines for clients. */
const pages: ServicePages = {
  order: ['payment-intents', 'charges', 'refunds', 'customers', 'payment-methods', 'balance-transactions', 'events'],
  places: [{ path: 'reconciliation', title: 'Reconciliation', page: Reconciliation, operation: 'ListSettlementExceptions' }],
  lists: {
    'payment-intents': objectList('ListPaymentIntents', 'payment-intents', 'payments'),
    charges: objectList('ListCharges', 'charges', 'charges'),
    refunds: objectList('ListRefunds', 'refunds', 'refunds'),
    customers: objectList('ListCustomers', 'customers', 'customers'),
    'payment-methods': objectList('ListPaymentMethods', 'payment-methods', 'payment methods'),
    'balance-transactions': objectList('ListBalanceTransactions', 'balance-transactions', 'lines of the statement'),
    events: objectList('ListEvents', 'events', 'events'),
  },
  things: {
    'payment-intents': objectPage('GetPaymentIntent'),
    charges: objectPage('GetCharge'),
    refunds: objectPage('GetRefund'),
    customers: objectPage('GetCustomer'),
    'payment-methods': objectPage('GetPaymentMethod'),
    'balance-transactions': objectPage('GetBalanceTransaction'),
    events: objectPage('GetEvent'),
  },
  connect: { stripe: connectStripe },
};

export default pages;
