import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type Stripe from 'stripe';
import { readIso20022, writeIso20022 } from '#wire/iso20022/document.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { refusal } from './fixtures/refusal.ts';
import { until } from './fixtures/until.ts';

let house: House;
let stripe: Stripe;
let bearer = '';
before(async () => {
  house = await openHouse();
  stripe = house.stripe();
  bearer = (await house.credential({ environment: 'test', role: 'admin' })).bearer;
});
after(() => house?.stop());

async function rest(method: string, path: string, body?: object) {
  const reply = await house.call(method, `/v1/payments/${path}`, body, { door: 'payments.rest', bearer });
  return { status: reply.status, body: reply.body as unknown as { content: string; data: { id: string; format: string }[] } };
}

const funding = (currency: 'eur' | 'usd'): Stripe.CustomerCreateFundingInstructionsParams => ({
  ...{ currency, funding_type: 'bank_transfer' },
  bank_transfer: currency === 'eur' ? { type: 'eu_bank_transfer', eu_bank_transfer: { country: 'DE' } } : { type: 'us_bank_transfer' },
});
const begin = (customer: string, amount: number, currency = 'eur') =>
  stripe.paymentIntents.create({
    ...{ amount, currency, customer, confirm: true, payment_method_data: { type: 'customer_balance' } },
    ...{ payment_method_types: ['customer_balance'] },
    payment_method_options: {
      customer_balance: { funding_type: 'bank_transfer', bank_transfer: funding(currency === 'usd' ? 'usd' : 'eur').bank_transfer },
    },
  });
const reached = (id: string, status: string) =>
  until(
    () => stripe.paymentIntents.retrieve(id),
    (intent) => intent.status === status,
  );
const cash = async (customer: string) => (await stripe.customers.retrieveCashBalance(customer)).available;
const ibanOf = async (customer: string) =>
  (await stripe.customers.createFundingInstructions(customer, funding('eur'))).bank_transfer.financial_addresses[0]?.iban?.iban ?? '';

const day = 86_400;

test('what customers send is what the bank says has come: once, when it came, and not when it is used', async () => {
  const now = Math.floor(Date.now() / 1000);
  const clock = (await stripe.testHelpers.testClocks.create({ frozen_time: now })).id;
  await rest('POST', 'settlement-accounts/-/open-settlement-account', { currency: 'usd', test_clock: clock });
  const { id: customer } = await stripe.customers.create({ name: 'Sam' });
  const waiting = await begin(customer, 4000, 'usd');
  const lines = [];
  for (const amount of [700, 4321]) lines.push(await stripe.testHelpers.customers.fundCashBalance(customer, { amount, currency: 'usd' }));
  await reached(waiting.id, 'succeeded');
  await stripe.refunds.create({ payment_intent: waiting.id, amount: 30 });
  assert.deepEqual(await cash(customer), { usd: 1051 });
  await stripe.testHelpers.testClocks.advance(clock, { frozen_time: (Math.floor(now / day) + 8) * day });
  await until(
    () => stripe.testHelpers.testClocks.retrieve(clock),
    ({ status }) => status === 'ready',
  );
  const moved = (await rest('GET', 'bank-movements?currency=usd')).body.data as unknown as Record<string, unknown>[];
  assert.deepEqual(
    moved.map(({ amount, state, how, matched }) => [amount, state, how, matched]).toSorted(),
    lines.map(({ id, net_amount: amount }) => [amount, 'matched', 'exact', [id]]).toSorted(),
  );
  const account = (await rest('GET', 'settlement-accounts/sacc_usd')).body as unknown as Record<string, number>;
  assert.deepEqual([account.bank_balance, account.unexplained, account.expected_of_networks, account.written_off], [5021, 0, 0, 0]);
  assert.deepEqual((await rest('GET', 'settlement-exceptions?currency=usd')).body.data, []);
  const journal = (await rest('GET', 'settlement-accounts/-/export-journal?format=beancount&currency=usd')).body.content;
  assert.match(journal, /^\d{4}-\d\d-\d\d balance Liabilities:Customers:Cus-\w+:USD {2}-10\.51 USD$/m);
});

test('a payment by bank transfer waits for the money of its customer, and what is more stays theirs', async () => {
  const { id: customer } = await stripe.customers.create({ name: 'Jenny Rosen' });
  const iban = await ibanOf(customer);
  assert.match(iban, /^DE\d{20}$/);
  const { bank_transfer: where } = await stripe.customers.createFundingInstructions(customer, funding('usd'));
  assert.equal(where.financial_addresses[0]?.aba?.bank_address.country, 'US');
  const waiting = await begin(customer, 3000);
  const shown = waiting.next_action?.display_bank_transfer_instructions;
  assert.deepEqual([waiting.status, shown?.amount_remaining, shown?.financial_addresses?.[0]?.iban?.iban], ['requires_action', 3000, iban]);
  const first = await stripe.testHelpers.customers.fundCashBalance(customer, { amount: 1000, currency: 'eur', reference: 'INV 7' });
  assert.deepEqual(
    [first.type, first.net_amount, first.ending_balance, first.funded?.bank_transfer.reference],
    ['funded', 1000, 1000, 'INV 7'],
  );
  assert.deepEqual(await cash(customer), { eur: 1000 });
  const partly = await until(
    () => stripe.paymentIntents.retrieve(waiting.id),
    (intent) => intent.next_action?.display_bank_transfer_instructions?.amount_remaining === 2000,
  );
  assert.equal(partly.status, 'requires_action');
  const { data: told } = await stripe.events.list({ type: 'payment_intent.partially_funded' });
  assert.equal(told.filter(({ data }) => (data.object as Stripe.PaymentIntent).id === waiting.id).length, 1);
  await stripe.testHelpers.customers.fundCashBalance(customer, { amount: 2500, currency: 'eur' });
  const paid = await reached(waiting.id, 'succeeded');
  assert.deepEqual(await cash(customer), { eur: 500 });
  assert.equal(paid.amount_received, 3000);
  // What is there before a payment begins pays it.
  const next = await begin(customer, 400);
  await reached(next.id, 'succeeded');
  await stripe.refunds.create({ payment_intent: paid.id, amount: 300 });
  assert.deepEqual(await cash(customer), { eur: 400 });
  const lines = await Array.fromAsync(stripe.customers.listCashBalanceTransactions(customer, { limit: 100 }));
  assert.deepEqual(
    lines.map(({ type, net_amount: net }) => [type, net]),
    [
      ['refunded_from_payment', 300],
      ['applied_to_payment', -400],
      ['applied_to_payment', -3000],
      ['funded', 2500],
      ['funded', 1000],
    ],
  );
  const { pending } = await stripe.balance.retrieve();
  assert.equal(pending.find(({ currency }) => currency === 'eur')?.amount, 3100);
  await stripe.testHelpers.customers.fundCashBalance(customer, { amount: 700, currency: 'usd' });
  assert.deepEqual(await cash(customer), { eur: 400, usd: 700 });
  assert.equal((await refusal(begin(customer, 100, 'gbp'))).param, 'currency');
});

test('racing payments of one customer use what was sent once', async () => {
  const { id: customer } = await stripe.customers.create({ name: 'Racer' });
  const made = await Promise.all(Array.from({ length: 5 }, () => begin(customer, 1000)));
  await stripe.testHelpers.customers.fundCashBalance(customer, { amount: 2500, currency: 'eur' });
  await until(
    () => Promise.all(made.map(({ id }) => stripe.paymentIntents.retrieve(id))),
    (all) => all.filter(({ status }) => status === 'succeeded').length === 2,
  );
  assert.deepEqual(await cash(customer), { eur: 500 });
});

test('a pacs.008 is credited once however often it comes, and one for nobody is sent back with a reason', async () => {
  const { id: customer } = await stripe.customers.create({ name: 'Anna' });
  const iban = await ibanOf(customer);
  const to = (account: string, minor: number, currency = 'EUR', transaction = `TX-${minor}`) => {
    const amount = { currency, minor };
    const ids = { end: 'NOTPROVIDED', transaction };
    const parties = {
      ...{ debtor: { name: 'Anna Müller' }, debtorAccount: { iban: 'DE89370400440532013000' }, debtorAgent: { bic: 'COBADEFFXXX' } },
      ...{ creditor: { name: 'Gamut' }, creditorAccount: { iban: account }, creditorAgent: { bic: 'COBADEFFXXX' } },
    };
    const header = {
      id: `MSG-${minor}`,
      created: '2026-11-26T15:30:58Z',
      count: 1,
      settlement: { method: 'CLRG', system: 'RT1' },
    } as const;
    return writeIso20022({ kind: 'pacs.008', value: { header, transfers: [{ ids, amount, charges: 'SLEV', ...parties }] } });
  };
  const receive = (message: string) => rest('POST', 'clearing-files/-/receive-transfer', { message });
  const codes = async (message: string) => {
    const { content } = (await receive(message)).body;
    const report = readIso20022(Buffer.from(content));
    return report.kind === 'pacs.002' ? report.value.statuses.map(({ status, reasons }) => [status, reasons[0]?.code ?? null]) : [];
  };
  const notices = async () =>
    (await rest('GET', 'clearing-files?rail=sct_inst&limit=100')).body.data.filter(({ format }) => format === 'camt.054');
  const told = (await notices()).length;
  for (let time = 0; time < 3; time += 1) assert.deepEqual(await codes(to(iban, 1234)), [['ACSC', null]]);
  assert.deepEqual(await cash(customer), { eur: 1234 });
  assert.deepEqual(await codes(to('DE89370400440532013000', 55)), [['RJCT', 'AC01']]);
  assert.deepEqual(await codes(to(iban, 66, 'USD')), [['RJCT', 'AM03']]);
  assert.deepEqual(await codes(to(iban, 0)), [['RJCT', 'AM01']]);
  assert.deepEqual(await codes(to(iban, 99, 'EUR', 'TX-1234')), [['RJCT', 'AM05']], 'another with the number of one that came');
  assert.deepEqual(await cash(customer), { eur: 1234 });
  // What was credited is told of once.
  assert.equal((await notices()).length, told + 1);
  const [notice] = await notices();
  const said = readIso20022(Buffer.from((await rest('GET', `clearing-files/${notice?.id}/get-clearing-file-contents`)).body.content));
  assert.ok(said.kind === 'camt.054');
  const [booked] = said.value.notifications;
  assert.deepEqual(
    [booked?.account.iban, booked?.entries[0]?.amount, booked?.entries[0]?.status],
    [iban, { currency: 'EUR', minor: 1234 }, 'BOOK'],
  );
  // Two that bear the same name at the bank are two.
  assert.deepEqual(await codes(to(iban, 5)), [['ACSC', null]]);
  assert.deepEqual(await cash(customer), { eur: 1239 });
  await stripe.customers.del(customer);
  assert.deepEqual(await codes(to(iban, 6)), [['RJCT', 'AC04']]);
  assert.deepEqual(await codes(to(iban, 1234)), [['ACSC', null]], 'it was taken');
  const bomb = to(iban, 77).replace('<Document', '<!DOCTYPE d [<!ENTITY a "aaaa">]><Document');
  for (const message of [bomb, '<a/>', 'nothing', to(iban, 88).replace('SLEV', 'NONE')]) assert.equal((await receive(message)).status, 400);
});

test('no transfer comes in while its clearing house is down, and comes in when it is up', async () => {
  const { id: customer } = await stripe.customers.create({ name: 'Dora' });
  const put = (conditions: object) => rest('POST', 'card-networks/-/put-card-network', conditions);
  const fund = (currency: string) => stripe.testHelpers.customers.fundCashBalance(customer, { amount: 500, currency });
  await put({ down: ['rtp'] });
  const refused = await refusal(fund('usd'));
  assert.deepEqual([refused.statusCode, /clearing house rtp is down/.test(refused.message)], [400, true]);
  await fund('eur');
  await put({});
  await fund('usd');
  assert.deepEqual(await cash(customer), { eur: 500, usd: 500 });
});

test('what a customer sends waits for a word where that is said, and pays a payment whole or not', async () => {
  const { id: customer } = await stripe.customers.create({ name: 'Mona' });
  const mode = await stripe.customers.updateCashBalance(customer, { settings: { reconciliation_mode: 'manual' } });
  assert.deepEqual(mode.settings, { reconciliation_mode: 'manual', using_merchant_default: false });
  const [first, second] = [await begin(customer, 800), await begin(customer, 500)];
  await stripe.testHelpers.customers.fundCashBalance(customer, { amount: 900, currency: 'eur' });
  const remaining = (intent: Stripe.PaymentIntent) => intent.next_action?.display_bank_transfer_instructions?.amount_remaining;
  await until(
    () => stripe.paymentIntents.retrieve(second.id),
    (intent) => remaining(intent) === 0,
  );
  assert.equal((await stripe.paymentIntents.retrieve(first.id)).status, 'requires_action');
  assert.equal((await refusal(stripe.paymentIntents.applyCustomerBalance(second.id, { amount: 100 }))).param, 'amount');
  const both = await Promise.allSettled([second, first].map(({ id }) => stripe.paymentIntents.applyCustomerBalance(id)));
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  const paid = [first, second].map(async ({ id, amount }) =>
    (await stripe.paymentIntents.retrieve(id)).status === 'succeeded' ? amount : 0,
  );
  const used = (await Promise.all(paid)).reduce((sum, each) => sum + each, 0);
  assert.deepEqual(await cash(customer), { eur: 900 - used });
  const other = await stripe.paymentIntents.create({ amount: 500, currency: 'eur' });
  assert.equal((await refusal(stripe.paymentIntents.applyCustomerBalance(other.id))).code, 'payment_intent_unexpected_state');
  // Back to what is usual, the next transfer pays what waits.
  await stripe.customers.updateCashBalance(customer, { settings: { reconciliation_mode: 'merchant_default' } });
  await stripe.testHelpers.customers.fundCashBalance(customer, { amount: 800, currency: 'eur' });
  await Promise.all([first, second].map(({ id }) => reached(id, 'succeeded')));
});
