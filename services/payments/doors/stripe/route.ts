import type { OperationName } from '#kernel/contract/contract.ts';
import type { payments } from '../../service.ts';

export type Name = OperationName<typeof payments>;

/** Where an operation stands: `:id` names the object, another `:name` is a parameter of the input. */
const table: readonly (readonly [method: string, path: string, operation: Name])[] = [
  ['POST', 'customers', 'CreateCustomer'],
  ['GET', 'customers', 'ListCustomers'],
  ['GET', 'customers/search', 'SearchCustomers'],
  ['GET', 'customers/:id', 'GetCustomer'],
  ['POST', 'customers/:id', 'UpdateCustomer'],
  ['DELETE', 'customers/:id', 'DeleteCustomer'],
  ['GET', 'customers/:customer/payment_methods', 'ListPaymentMethods'],
  ['POST', 'customers/:id/funding_instructions', 'CreateFundingInstructions'],
  ['GET', 'customers/:id/cash_balance', 'GetCashBalance'],
  ['GET', 'customers/:id/cash_balance_transactions', 'ListCashBalanceTransactions'],
  ['POST', 'test_helpers/customers/:id/fund_cash_balance', 'FundCashBalance'],
  ['POST', 'payment_methods', 'CreatePaymentMethod'],
  ['GET', 'payment_methods', 'ListPaymentMethods'],
  ['GET', 'payment_methods/:id', 'GetPaymentMethod'],
  ['POST', 'payment_methods/:id', 'UpdatePaymentMethod'],
  ['POST', 'payment_methods/:id/attach', 'AttachPaymentMethod'],
  ['POST', 'payment_methods/:id/detach', 'DetachPaymentMethod'],
  ['POST', 'payment_intents', 'CreatePaymentIntent'],
  ['GET', 'payment_intents', 'ListPaymentIntents'],
  ['GET', 'payment_intents/search', 'SearchPaymentIntents'],
  ['GET', 'payment_intents/:id', 'GetPaymentIntent'],
  ['POST', 'payment_intents/:id', 'UpdatePaymentIntent'],
  ['POST', 'payment_intents/:id/confirm', 'ConfirmPaymentIntent'],
  ['POST', 'payment_intents/:id/capture', 'CapturePaymentIntent'],
  ['POST', 'payment_intents/:id/cancel', 'CancelPaymentIntent'],
  ['POST', 'payment_intents/:id/verify_microdeposits', 'VerifyPaymentIntentMicrodeposits'],
  ['POST', 'payment_intents/:id/increment_authorization', 'IncrementPaymentIntentAuthorization'],
  ['POST', 'charges', 'CreateCharge'],
  ['GET', 'charges', 'ListCharges'],
  ['GET', 'charges/search', 'SearchCharges'],
  ['GET', 'charges/:id', 'GetCharge'],
  ['POST', 'charges/:id', 'UpdateCharge'],
  ['POST', 'charges/:id/capture', 'CaptureCharge'],
  ['GET', 'charges/:charge/refunds', 'ListRefunds'],
  ['POST', 'charges/:charge/refunds', 'CreateRefund'],
  ['POST', 'refunds', 'CreateRefund'],
  ['GET', 'refunds', 'ListRefunds'],
  ['GET', 'refunds/:id', 'GetRefund'],
  ['POST', 'refunds/:id', 'UpdateRefund'],
  ['POST', 'setup_intents', 'CreateSetupIntent'],
  ['GET', 'setup_intents', 'ListSetupIntents'],
  ['GET', 'setup_intents/:id', 'GetSetupIntent'],
  ['POST', 'setup_intents/:id', 'UpdateSetupIntent'],
  ['POST', 'setup_intents/:id/confirm', 'ConfirmSetupIntent'],
  ['POST', 'setup_intents/:id/cancel', 'CancelSetupIntent'],
  ['POST', 'setup_intents/:id/verify_microdeposits', 'VerifySetupIntentMicrodeposits'],
  ['POST', 'tokens', 'CreateToken'],
  ['GET', 'tokens/:id', 'GetToken'],
  ['POST', 'test_helpers/confirmation_tokens', 'CreateTestConfirmationToken'],
  ['GET', 'confirmation_tokens/:id', 'GetConfirmationToken'],
  ['GET', 'mandates/:id', 'GetMandate'],
  ['GET', 'disputes', 'ListDisputes'],
  ['GET', 'disputes/:id', 'GetDispute'],
  ['POST', 'disputes/:id', 'UpdateDispute'],
  ['POST', 'disputes/:id/close', 'CloseDispute'],
  ['POST', 'radar/value_lists', 'CreateValueList'],
  ['GET', 'radar/value_lists', 'ListValueLists'],
  ['GET', 'radar/value_lists/:id', 'GetValueList'],
  ['POST', 'radar/value_lists/:id', 'UpdateValueList'],
  ['DELETE', 'radar/value_lists/:id', 'DeleteValueList'],
  ['POST', 'radar/value_list_items', 'CreateValueListItem'],
  ['GET', 'radar/value_list_items', 'ListValueListItems'],
  ['GET', 'radar/value_list_items/:id', 'GetValueListItem'],
  ['DELETE', 'radar/value_list_items/:id', 'DeleteValueListItem'],
  ['GET', 'radar/early_fraud_warnings', 'ListEarlyFraudWarnings'],
  ['GET', 'radar/early_fraud_warnings/:id', 'GetEarlyFraudWarning'],
  ['GET', 'reviews', 'ListReviews'],
  ['GET', 'reviews/:id', 'GetReview'],
  ['POST', 'reviews/:id/approve', 'ApproveReview'],
  ['POST', 'webhook_endpoints', 'CreateWebhookEndpoint'],
  ['GET', 'webhook_endpoints', 'ListWebhookEndpoints'],
  ['GET', 'webhook_endpoints/:id', 'GetWebhookEndpoint'],
  ['POST', 'webhook_endpoints/:id', 'UpdateWebhookEndpoint'],
  ['DELETE', 'webhook_endpoints/:id', 'DeleteWebhookEndpoint'],
  ['GET', 'balance', 'GetBalance'],
  ['GET', 'balance_settings', 'GetBalanceSettings'],
  ['POST', 'balance_settings', 'UpdateBalanceSettings'],
  ['GET', 'balance_transactions', 'ListBalanceTransactions'],
  ['GET', 'balance_transactions/:id', 'GetBalanceTransaction'],
  ['POST', 'payouts', 'CreatePayout'],
  ['GET', 'payouts', 'ListPayouts'],
  ['GET', 'payouts/:id', 'GetPayout'],
  ['POST', 'payouts/:id', 'UpdatePayout'],
  ['POST', 'payouts/:id/cancel', 'CancelPayout'],
  ['POST', 'payouts/:id/reverse', 'ReversePayout'],
  ['POST', 'products', 'CreateProduct'],
  ['GET', 'products', 'ListProducts'],
  ['GET', 'products/search', 'SearchProducts'],
  ['GET', 'products/:id', 'GetProduct'],
  ['POST', 'products/:id', 'UpdateProduct'],
  ['DELETE', 'products/:id', 'DeleteProduct'],
  ['POST', 'prices', 'CreatePrice'],
  ['GET', 'prices', 'ListPrices'],
  ['GET', 'prices/search', 'SearchPrices'],
  ['GET', 'prices/:id', 'GetPrice'],
  ['POST', 'prices/:id', 'UpdatePrice'],
  ['POST', 'coupons', 'CreateCoupon'],
  ['GET', 'coupons', 'ListCoupons'],
  ['GET', 'coupons/:id', 'GetCoupon'],
  ['POST', 'coupons/:id', 'UpdateCoupon'],
  ['DELETE', 'coupons/:id', 'DeleteCoupon'],
  ['POST', 'promotion_codes', 'CreatePromotionCode'],
  ['GET', 'promotion_codes', 'ListPromotionCodes'],
  ['GET', 'promotion_codes/:id', 'GetPromotionCode'],
  ['POST', 'promotion_codes/:id', 'UpdatePromotionCode'],
  ['POST', 'tax_rates', 'CreateTaxRate'],
  ['GET', 'tax_rates', 'ListTaxRates'],
  ['GET', 'tax_rates/:id', 'GetTaxRate'],
  ['POST', 'tax_rates/:id', 'UpdateTaxRate'],
  ['POST', 'invoiceitems', 'CreateInvoiceItem'],
  ['GET', 'invoiceitems', 'ListInvoiceItems'],
  ['GET', 'invoiceitems/:id', 'GetInvoiceItem'],
  ['POST', 'invoiceitems/:id', 'UpdateInvoiceItem'],
  ['DELETE', 'invoiceitems/:id', 'DeleteInvoiceItem'],
  ['POST', 'invoices', 'CreateInvoice'],
  ['GET', 'invoices', 'ListInvoices'],
  ['GET', 'invoices/:id', 'GetInvoice'],
  ['POST', 'invoices/:id', 'UpdateInvoice'],
  ['DELETE', 'invoices/:id', 'DeleteInvoice'],
  ['GET', 'invoices/:id/lines', 'ListInvoiceLines'],
  ['POST', 'invoices/:id/send', 'SendInvoice'],
  ['POST', 'invoices/:id/finalize', 'FinalizeInvoice'],
  ['POST', 'invoices/:id/pay', 'PayInvoice'],
  ['POST', 'invoices/:id/void', 'VoidInvoice'],
  ['POST', 'invoices/:id/mark_uncollectible', 'MarkInvoiceUncollectible'],
  ['POST', 'subscriptions', 'CreateSubscription'],
  ['GET', 'subscriptions', 'ListSubscriptions'],
  ['GET', 'subscriptions/:id', 'GetSubscription'],
  ['POST', 'subscriptions/:id', 'UpdateSubscription'],
  ['DELETE', 'subscriptions/:id', 'CancelSubscription'],
  ['POST', 'billing/meters', 'CreateMeter'],
  ['GET', 'billing/meters', 'ListMeters'],
  ['GET', 'billing/meters/:id', 'GetMeter'],
  ['POST', 'billing/meters/:id', 'UpdateMeter'],
  ['POST', 'billing/meters/:id/deactivate', 'DeactivateMeter'],
  ['POST', 'billing/meters/:id/reactivate', 'ReactivateMeter'],
  ['GET', 'billing/meters/:id/event_summaries', 'ListMeterEventSummaries'],
  ['POST', 'billing/meter_events', 'CreateMeterEvent'],
  ['POST', 'billing/meter_event_adjustments', 'CreateMeterEventAdjustment'],
  ['GET', 'subscriptions/search', 'SearchSubscriptions'],
  ['GET', 'invoices/search', 'SearchInvoices'],
  ['POST', 'subscription_items', 'CreateSubscriptionItem'],
  ['GET', 'subscription_items', 'ListSubscriptionItems'],
  ['GET', 'subscription_items/:id', 'GetSubscriptionItem'],
  ['POST', 'subscription_items/:id', 'UpdateSubscriptionItem'],
  ['DELETE', 'subscription_items/:id', 'DeleteSubscriptionItem'],
  ['POST', 'customers/:customer/balance_transactions', 'CreateCustomerBalanceTransaction'],
  ['GET', 'customers/:customer/balance_transactions', 'ListCustomerBalanceTransactions'],
  ['GET', 'customers/:customer/balance_transactions/:id', 'GetCustomerBalanceTransaction'],
  ['POST', 'credit_notes', 'CreateCreditNote'],
  ['GET', 'credit_notes', 'ListCreditNotes'],
  ['GET', 'credit_notes/:id', 'GetCreditNote'],
  ['GET', 'credit_notes/:id/lines', 'ListCreditNoteLines'],
  ['POST', 'credit_notes/:id', 'UpdateCreditNote'],
  ['POST', 'credit_notes/:id/void', 'VoidCreditNote'],
  ['POST', 'checkout/sessions', 'CreateCheckoutSession'],
  ['GET', 'checkout/sessions', 'ListCheckoutSessions'],
  ['GET', 'checkout/sessions/:id', 'GetCheckoutSession'],
  ['GET', 'checkout/sessions/:id/line_items', 'ListCheckoutLineItems'],
  ['POST', 'checkout/sessions/:id/expire', 'ExpireCheckoutSession'],
  ['POST', 'payment_links', 'CreatePaymentLink'],
  ['GET', 'payment_links', 'ListPaymentLinks'],
  ['GET', 'payment_links/:id', 'GetPaymentLink'],
  ['POST', 'payment_links/:id', 'UpdatePaymentLink'],
  ['GET', 'payment_links/:id/line_items', 'ListPaymentLinkItems'],
  ['POST', 'accounts', 'CreateAccount'],
  ['GET', 'accounts', 'ListAccounts'],
  ['GET', 'accounts/:id', 'GetAccount'],
  ['POST', 'accounts/:id', 'UpdateAccount'],
  ['DELETE', 'accounts/:id', 'DeleteAccount'],
  ['POST', 'accounts/:id/reject', 'RejectAccount'],
  ['GET', 'accounts/:account/capabilities', 'ListCapabilities'],
  ['GET', 'accounts/:account/capabilities/:id', 'GetCapability'],
  ['POST', 'accounts/:account/capabilities/:id', 'UpdateCapability'],
  ['POST', 'accounts/:account/external_accounts', 'CreateExternalAccount'],
  ['GET', 'accounts/:account/external_accounts', 'ListExternalAccounts'],
  ['GET', 'accounts/:account/external_accounts/:id', 'GetExternalAccount'],
  ['POST', 'accounts/:account/external_accounts/:id', 'UpdateExternalAccount'],
  ['DELETE', 'accounts/:account/external_accounts/:id', 'DeleteExternalAccount'],
  ['GET', 'account', 'GetOwnAccount'],
  ['POST', 'account_links', 'CreateAccountLink'],
  ['POST', 'transfers', 'CreateTransfer'],
  ['GET', 'transfers', 'ListTransfers'],
  ['GET', 'transfers/:id', 'GetTransfer'],
  ['POST', 'transfers/:id', 'UpdateTransfer'],
  ['POST', 'transfers/:transfer/reversals', 'CreateTransferReversal'],
  ['GET', 'transfers/:transfer/reversals', 'ListTransferReversals'],
  ['GET', 'transfers/:transfer/reversals/:id', 'GetTransferReversal'],
  ['POST', 'transfers/:transfer/reversals/:id', 'UpdateTransferReversal'],
  ['GET', 'application_fees', 'ListApplicationFees'],
  ['GET', 'application_fees/:id', 'GetApplicationFee'],
  ['POST', 'application_fees/:fee/refunds', 'CreateFeeRefund'],
  ['POST', 'application_fees/:fee/refund', 'CreateFeeRefund'],
  ['GET', 'application_fees/:fee/refunds', 'ListFeeRefunds'],
  ['GET', 'application_fees/:fee/refunds/:id', 'GetFeeRefund'],
  ['POST', 'application_fees/:fee/refunds/:id', 'UpdateFeeRefund'],
  ['POST', 'test_helpers/test_clocks', 'CreateTestClock'],
  ['GET', 'test_helpers/test_clocks', 'ListTestClocks'],
  ['GET', 'test_helpers/test_clocks/:id', 'GetTestClock'],
  ['DELETE', 'test_helpers/test_clocks/:id', 'DeleteTestClock'],
  ['POST', 'test_helpers/test_clocks/:id/advance', 'AdvanceTestClock'],
  ['POST', 'files', 'CreateFile'],
  ['GET', 'files', 'ListFiles'],
  ['GET', 'files/:id', 'GetFile'],
  ['GET', 'files/:id/contents', 'GetFileContents'],
  ['GET', 'events', 'ListEvents'],
  ['GET', 'events/:id', 'GetEvent'],
];

type Step = {
  readonly fixed: Map<string, Step>;
  open?: { readonly name: string; readonly step: Step };
  readonly operations: Map<string, Name>;
};

const emptyStep = (): Step => ({ fixed: new Map(), operations: new Map() });
const root = emptyStep();
for (const [method, path, operation] of table) {
  let at = root;
  // An open step may have another name below another method: names are told apart by the operation.
  for (const part of path.split('/')) {
    if (part.startsWith(':')) {
      at.open ??= { name: '', step: emptyStep() };
      at = at.open.step;
    } else {
      const next = at.fixed.get(part) ?? emptyStep();
      at.fixed.set(part, next);
      at = next;
    }
  }
  at.operations.set(method, operation);
}
const paths = new Map(table.map(([method, path, operation]) => [`${method} ${operation} ${path.split('/').length}`, path.split('/')]));

export type Match = { readonly operation: Name; readonly id: string; readonly given: Readonly<Record<string, string>> };

/** The operation at a path below /v1/, with what the path says; undefined when there is none. */
export function routeOf(method: string, path: string): Match | undefined {
  const parts = path.split('/');
  let at = root;
  for (const part of parts) {
    const next = at.fixed.get(part) ?? at.open?.step;
    if (!next || part === '') return undefined;
    at = next;
  }
  const operation = at.operations.get(method);
  const form = operation && paths.get(`${method} ${operation} ${parts.length}`);
  if (!operation || !form) return undefined;
  const given: Record<string, string> = {};
  let id = '';
  form.forEach((part, index) => {
    if (part === ':id') id = parts[index] ?? '';
    else if (part.startsWith(':')) given[part.slice(1)] = parts[index] ?? '';
  });
  return { operation, id, given };
}
