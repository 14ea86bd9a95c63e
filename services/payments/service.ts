import { defineService } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { subjectOperations, subjectResources } from '#kernel/privacy/subject.ts';
import { couponOperations, priceOperations, productOperations, promotionCodeOperations, taxRateOperations } from './contract/catalog.ts';
import { bankAccountOperations } from './contract/bank-account.ts';
import { clearingFileOperations } from './contract/clearing-file.ts';
import { checkoutOperations, paymentLinkOperations } from './contract/checkout.ts';
import { accountOperations, applicationFeeOperations, transferOperations } from './contract/connect.ts';
import { creditNoteOperations } from './contract/credit-note.ts';
import { customerOperations } from './contract/customer.ts';
import { fileOperations } from './contract/file.ts';
import { invoiceItemOperations, invoiceOperations } from './contract/invoice.ts';
import { requestsBurst, requestsPerSecond } from './contract/limits.ts';
import { chargeOperations, paymentIntentOperations, refundOperations } from './contract/payment-intent.ts';
import { meterEventOperations, meterOperations } from './contract/meter.ts';
import { networkOperations } from './contract/network.ts';
import { paymentMethodOperations } from './contract/payment-method.ts';
import { feeOperations, payoutOperations } from './contract/payout.ts';
import { disputeOperations, setupIntentOperations, tokenOperations } from './contract/setup-intent.ts';
import { reviewOperations } from './contract/review.ts';
import { riskOperations } from './contract/risk.ts';
import { screeningOperations } from './contract/screening.ts';
import { statementOperations } from './contract/statement.ts';
import {
  collectionOperations,
  customerBalanceOperations,
  subscriptionItemOperations,
  subscriptionOperations,
} from './contract/subscription.ts';
import { testClockOperations } from './contract/test-clock.ts';
import { webhookEndpointOperations } from './contract/webhook-endpoint.ts';

const spec = Type.Object({});
const kind = (text: string) => ({ of: 'scope', text, spec, owner: 'service' }) as const;

const reading = [
  ...(['GetCustomer', 'ListCustomers', 'SearchCustomers', 'GetPaymentMethod', 'ListPaymentMethods'] as const),
  ...(['GetPaymentIntent', 'GetPaymentIntentTrace', 'ListPaymentIntents', 'SearchPaymentIntents'] as const),
  ...(['GetCharge', 'ListCharges', 'SearchCharges', 'GetRefund', 'ListRefunds'] as const),
  ...(['GetBalance', 'GetBalanceTransaction', 'ListBalanceTransactions', 'GetEvent', 'ListEvents'] as const),
  ...(['GetSetupIntent', 'ListSetupIntents', 'GetToken', 'GetConfirmationToken', 'GetMandate', 'GetDispute', 'ListDisputes'] as const),
  ...(['GetWebhookEndpoint', 'ListWebhookEndpoints'] as const),
  ...(['GetPayout', 'ListPayouts', 'GetBankAccount', 'ListBankAccounts', 'GetFeeSchedule', 'GetCardNetwork'] as const),
  ...(['GetProduct', 'ListProducts', 'SearchProducts', 'GetPrice', 'ListPrices', 'SearchPrices', 'GetCoupon', 'ListCoupons'] as const),
  ...(['GetPromotionCode', 'ListPromotionCodes', 'GetTaxRate', 'ListTaxRates'] as const),
  ...([
    'GetInvoice',
    'ListInvoices',
    'SearchInvoices',
    'ListInvoiceLines',
    'ListCreditNoteLines',
    'GetInvoiceItem',
    'ListInvoiceItems',
  ] as const),
  ...(['GetTestClock', 'ListTestClocks', 'GetSubscription', 'ListSubscriptions', 'SearchSubscriptions', 'GetDiscount'] as const),
  ...(['GetSubscriptionItem', 'ListSubscriptionItems', 'GetCollectionPolicy'] as const),
  ...(['GetCustomerBalanceTransaction', 'ListCustomerBalanceTransactions', 'GetCreditNote', 'ListCreditNotes'] as const),
  ...(['GetCheckoutSession', 'ListCheckoutSessions', 'ListCheckoutLineItems'] as const),
  ...(['GetPaymentLink', 'ListPaymentLinks', 'ListPaymentLinkItems'] as const),
  ...(['GetAccount', 'ListAccounts', 'GetTransfer', 'ListTransfers', 'GetTransferReversal', 'ListTransferReversals'] as const),
  ...(['GetApplicationFee', 'ListApplicationFees', 'GetMeter', 'ListMeters', 'ListMeterEventSummaries'] as const),
  ...(['GetRiskRule', 'ListRiskRules', 'TryRiskRule', 'GetRiskModel', 'AssessRisk', 'GetReview', 'ListReviews'] as const),
  ...(['GetFile', 'ListFiles', 'GetFileContents'] as const),
  ...(['GetClearingFile', 'GetClearingFileContents', 'ListClearingFiles'] as const),
  ...(['ListScreeningLists', 'ScreenName', 'ListScreeningMatches'] as const),
] as const;
const writing = [
  ...(['CreateCustomer', 'UpdateCustomer', 'CreatePaymentMethod', 'UpdatePaymentMethod', 'AttachPaymentMethod'] as const),
  ...(['DetachPaymentMethod', 'CreatePaymentIntent', 'UpdatePaymentIntent', 'ConfirmPaymentIntent', 'CapturePaymentIntent'] as const),
  ...(['VerifyPaymentIntentMicrodeposits', 'AnswerPaymentIntentChallenge', 'AnswerSetupIntentChallenge'] as const),
  ...(['CancelPaymentIntent', 'IncrementPaymentIntentAuthorization', 'CreateCharge', 'CaptureCharge'] as const),
  ...(['UpdateCharge', 'CreateRefund', 'UpdateRefund'] as const),
  ...(['CreateSetupIntent', 'UpdateSetupIntent', 'ConfirmSetupIntent', 'CancelSetupIntent', 'CreateToken'] as const),
  ...(['CreateTestConfirmationToken', 'UpdateDispute', 'CloseDispute', 'ApproveReview'] as const),
  ...(['CreateProduct', 'UpdateProduct', 'DeleteProduct', 'CreatePrice', 'UpdatePrice', 'CreateCoupon', 'UpdateCoupon'] as const),
  ...(['DeleteCoupon', 'CreatePromotionCode', 'UpdatePromotionCode', 'CreateTaxRate', 'UpdateTaxRate'] as const),
  ...([
    'CreateInvoiceItem',
    'UpdateInvoiceItem',
    'DeleteInvoiceItem',
    'SendInvoice',
    'CreateInvoice',
    'UpdateInvoice',
    'DeleteInvoice',
    'FinalizeInvoice',
  ] as const),
  ...(['PayInvoice', 'VoidInvoice', 'MarkInvoiceUncollectible', 'CreateTestClock', 'AdvanceTestClock'] as const),
  ...(['CreateSubscription', 'UpdateSubscription', 'CancelSubscription', 'CreateSubscriptionItem'] as const),
  ...(['UpdateSubscriptionItem', 'DeleteSubscriptionItem', 'CreateCustomerBalanceTransaction'] as const),
  ...(['CreateCreditNote', 'UpdateCreditNote', 'VoidCreditNote', 'CreateCheckoutSession', 'ExpireCheckoutSession'] as const),
  ...(['CreateMeter', 'UpdateMeter', 'DeactivateMeter', 'ReactivateMeter', 'CreateMeterEvent', 'CreateMeterEventAdjustment'] as const),
  'CreateFile',
  ...(['CompleteCheckoutSession', 'CreatePaymentLink', 'UpdatePaymentLink', 'OpenPaymentLink'] as const),
] as const;

/** Payments: what clients of Stripe take for Stripe, with every unit of money on the ledger. */
export const payments = defineService({
  name: 'payments',
  title: 'Payments',
  text: 'Payments, refunds and balances behind the Stripe API; every unit of money is a transfer of the ledger.',
  version: 3,
  withdrawn: {
    // Numbers of cards come in by the Stripe door alone.
    2: ['/operations/CreateToken/input/card/number', '/operations/CreateToken/input/card/cvc'],
    // Names of people stand in bodies, and in no address.
    3: ['/operations/AssessRisk/posted', '/operations/ScreenName/posted'],
  },
  resources: {
    Customer: kind('Who pays.'),
    PaymentMethod: kind('How somebody pays.'),
    PaymentIntent: kind('A payment, from its beginning to its end.'),
    Charge: kind('One attempt to take money from a card.'),
    Refund: kind('Money given back.'),
    Balance: kind('What there is, by currency.'),
    BalanceTransaction: kind('A line of the statement.'),
    Event: kind('Something that happened.'),
    SetupIntent: kind('A card that is prepared for later payments.'),
    Token: kind('Something that stands for a card, once.'),
    ConfirmationToken: kind('Something that stands for what a buyer chose, once.'),
    Mandate: kind('What a customer agreed to.'),
    Dispute: kind('A payment that its cardholder contests.'),
    Review: kind('A payment that somebody is to look at.'),
    Product: kind('Something that is sold.'),
    Price: kind('What a product costs.'),
    Coupon: kind('What is taken off.'),
    PromotionCode: kind('A word that stands for a coupon.'),
    TaxRate: kind('A tax.'),
    InvoiceItem: kind('What is to be invoiced.'),
    Invoice: kind('What a customer is to pay, and for what.'),
    Subscription: kind('Prices that a customer pays again and again.'),
    File: kind('A file, such as evidence.'),
    ScreeningList: kind('Names of who must not pay or be paid.'),
    ClearingFile: kind('A file that went to a clearing house, or came from it.'),
    Meter: kind('What counts how much is used.'),
    MeterEvent: kind('Something that was used.'),
    SubscriptionItem: kind('One price of a subscription.'),
    Discount: kind('A coupon that was redeemed.'),
    CustomerBalanceTransaction: kind('A change of what a customer has with the business.'),
    CollectionPolicy: kind('When payments that failed are tried again.'),
    CreditNote: kind('What takes from an invoice that has ended.'),
    CheckoutSession: kind('A page on which somebody buys.'),
    PaymentLink: kind('An address that makes such pages.'),
    Account: kind('Whom the business passes money on to.'),
    Transfer: kind('Money that was passed on.'),
    ApplicationFee: kind('What was kept of a payment that was passed on.'),
    TestClock: kind('A time of its own, for tests.'),
    Payout: kind('Money that leaves for the bank of the business.'),
    BankAccount: kind('An account of the business at a bank.'),
    FeeSchedule: kind('What payments cost.'),
    RiskRule: kind('What is decided of payments before anything is moved.'),
    RiskModel: kind('What payments are scored by.'),
    CardNetwork: kind('The simulated card networks.'),
    WebhookEndpoint: kind('An address that is told of events.'),
    ...subjectResources,
  },
  meters: { request: { unit: 'request', kind: 'sum', text: 'Requests answered.' } },
  quotas: {
    requests: {
      kind: 'rate',
      unit: 'call',
      perSecond: requestsPerSecond,
      burst: requestsBurst,
      text: 'Requests of one environment to the Stripe API.',
    },
  },
  events: {},
  errors: {
    ParameterInvalid: { status: 400, retry: false, text: 'A parameter of the request cannot be taken.' },
    StateInvalid: { status: 400, retry: false, text: 'The object is in a state in which this cannot be done.' },
    CardRefused: { status: 402, retry: false, text: 'The card was declined.' },
    ResourceMissing: { status: 404, retry: false, text: 'There is no such object.' },
    BalanceInsufficient: { status: 400, retry: false, text: 'The balance does not suffice.' },
  },
  needs: {
    sql: { seam: 'sql', scope: 'caller', optional: false },
    ledger: { seam: 'ledger', scope: 'caller', optional: false },
  },
  doors: {
    stripe: {
      protocol: 'http',
      port: 12111,
      faces: ['stripe', 'publishable'],
      anonymous: 'by-resource',
      text: 'The Stripe API on /v1: give its clients this host and a secret key.',
    },
  },
  operations: {
    ...customerOperations,
    ...paymentMethodOperations,
    ...paymentIntentOperations,
    ...chargeOperations,
    ...refundOperations,
    ...statementOperations,
    ...setupIntentOperations,
    ...tokenOperations,
    ...disputeOperations,
    ...productOperations,
    ...priceOperations,
    ...couponOperations,
    ...promotionCodeOperations,
    ...taxRateOperations,
    ...invoiceItemOperations,
    ...invoiceOperations,
    ...subscriptionOperations,
    ...subscriptionItemOperations,
    ...fileOperations,
    ...clearingFileOperations,
    ...screeningOperations,
    ...meterOperations,
    ...meterEventOperations,
    ...customerBalanceOperations,
    ...collectionOperations,
    ...creditNoteOperations,
    ...checkoutOperations,
    ...paymentLinkOperations,
    ...accountOperations,
    ...transferOperations,
    ...applicationFeeOperations,
    ...testClockOperations,
    ...payoutOperations,
    ...bankAccountOperations,
    ...feeOperations,
    ...riskOperations,
    ...reviewOperations,
    ...networkOperations,
    ...webhookEndpointOperations,
    ...subjectOperations,
  },
  roles: {
    auditor: ['GetBalance', 'GetBalanceTransaction', 'ListBalanceTransactions'],
    reader: ['auditor', ...reading],
    editor: ['reader', ...writing],
    admin: [
      'editor',
      'DeleteCustomer',
      'DeleteTestClock',
      'CreateWebhookEndpoint',
      'UpdateWebhookEndpoint',
      'DeleteWebhookEndpoint',
      'CreatePayout',
      'UpdatePayout',
      'CancelPayout',
      'ReversePayout',
      'PutBankAccount',
      'CreateAccount',
      'UpdateAccount',
      'DeleteAccount',
      'CreateTransfer',
      'UpdateTransfer',
      'CreateTransferReversal',
      'UpdateTransferReversal',
      'PutFeeSchedule',
      'CreateRiskRule',
      'UpdateRiskRule',
      'DeleteRiskRule',
      'PutRiskModel',
      'PutCardNetwork',
      'PutScreeningList',
      'PutCollectionPolicy',
      'ExportDataSubject',
      'RevealPersonal',
    ],
    owner: ['admin', 'EraseDataSubject'],
  },
});
