import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type Stripe from 'stripe';
import { readIso20022 } from '#wire/iso20022/document.ts';
import { readNacha } from '#wire/nacha/read.ts';
import { readBoleto } from '#wire/voucher/boleto.ts';
import { readPix } from '#wire/emvco-qr/pix.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { refusal } from './fixtures/refusal.ts';
import { restOf } from './fixtures/rest.ts';
import { until } from './fixtures/until.ts';

let house: House;
let stripe: Stripe;
let bearer = '';
before(async () => {
  house = await openHouse({ quiet: false });
  stripe = house.stripe();
  bearer = (await house.credential({ environment: 'test', role: 'admin' })).bearer;
});
after(() => house?.stop());

const reached = (id: string, status: string) =>
  until(
    () => stripe.paymentIntents.retrieve(id),
    (intent) => intent.status === status,
  );

type File = { readonly id: string; readonly direction: string; readonly format: string; readonly answer_to: string | null };

const rest = <T>(method: string, path: string, body?: object) => restOf<T>(house, bearer, method, path, body);

const files = async (rail: string) => (await rest<{ data: File[] }>('GET', `clearing-files?rail=${rail}&limit=100`)).data;
const contents = async (id: string) => (await rest<{ content: string }>('GET', `clearing-files/${id}/get-clearing-file-contents`)).content;

const agreed = { customer_acceptance: { type: 'online' as const, online: { ip_address: '127.0.0.1', user_agent: 'test' } } };
const iban = { good: 'DE89370400440532013000', bad: 'DE65370400440002222227', later: 'DE35370400440532013002' };

const american = (amount: number, account: string): Stripe.PaymentIntentCreateParams => ({
  ...{ amount, currency: 'usd', confirm: true, payment_method_types: ['us_bank_account'], mandate_data: agreed },
  payment_method_data: {
    ...{ type: 'us_bank_account', billing_details: { name: 'Jenny Rosen' } },
    us_bank_account: { routing_number: '110000000', account_number: account, account_holder_type: 'individual' },
  },
});

const european = (amount: number, number: string): Stripe.PaymentIntentCreateParams => ({
  ...{ amount, currency: 'eur', confirm: true, payment_method_types: ['sepa_debit'], mandate_data: agreed },
  payment_method_data: {
    ...{ type: 'sepa_debit', billing_details: { name: 'Jürgen Groß', email: 'j@example.com' } },
    sepa_debit: { iban: number },
  },
});

async function verified(amount: number, account: string): Promise<string> {
  const { id, next_action: action } = await stripe.paymentIntents.create(american(amount, account));
  assert.equal(action?.type, 'verify_with_microdeposits');
  const gone = await stripe.paymentIntents.verifyMicrodeposits(id, { amounts: [45, 32] });
  assert.equal(gone.status, 'processing');
  return id;
}

const balance = async (currency: string) => {
  const { available, pending } = await stripe.balance.retrieve();
  return [...available, ...pending].filter((each) => each.currency === currency).reduce((sum, { amount }) => sum + amount, 0);
};

test('a debit of an American account goes out in a NACHA file once the account is proven, and comes back as a return says', async () => {
  const wrong = await stripe.paymentIntents.create(american(700, '000123456789'));
  const mismatch = await refusal(stripe.paymentIntents.verifyMicrodeposits(wrong.id, { amounts: [1, 2] }));
  assert.equal(mismatch.code, 'payment_method_microdeposit_verification_amounts_mismatch');
  const [good, poor, contested] = await Promise.all([
    verified(1000, '000123456789'),
    verified(2000, '000222222227'),
    verified(3000, '000555555559'),
  ]);
  const paid = await reached(good, 'succeeded');
  const charge = await stripe.charges.retrieve(String(paid.latest_charge), { expand: ['balance_transaction'] });
  assert.deepEqual([charge.status, charge.payment_method_details?.us_bank_account?.last4], ['succeeded', '6789']);
  assert.equal((charge.balance_transaction as Stripe.BalanceTransaction).amount, 1000);
  const failed = await reached(poor, 'requires_payment_method');
  assert.equal(failed.last_payment_error?.code, 'payment_intent_payment_attempt_failed');
  const { data: charges } = await stripe.charges.list({ payment_intent: poor });
  assert.deepEqual([charges[0]?.failure_code, charges[0]?.outcome?.network_decline_code], ['insufficient_funds', 'R01']);
  const { data: disputes } = await until(
    () => stripe.disputes.list({ payment_intent: contested }),
    ({ data }) => data.length > 0,
  );
  assert.deepEqual([disputes[0]?.status, disputes[0]?.reason, disputes[0]?.amount], ['lost', 'debit_not_authorized', 3000]);
  await stripe.refunds.create({ payment_intent: good, amount: 400 });
  assert.equal(await balance('usd'), 600);

  const sent = await until(
    async () => {
      const all = await files('ach');
      return Promise.all(all.map(async (file) => ({ ...file, file: readNacha(await contents(file.id)) })));
    },
    (all) => all.some(({ file }) => file.batches.some(({ serviceClass }) => serviceClass === '220')),
  );
  const entries = sent.flatMap(({ direction, file }) =>
    file.batches.flatMap((batch) => batch.entries.map((entry) => ({ direction, batch, entry }))),
  );
  const debits = entries.filter(({ direction, batch }) => direction === 'sent' && batch.serviceClass === '225');
  assert.deepEqual(
    debits.map(({ entry }) => entry.cents).toSorted((a, b) => a - b),
    [1000, 2000, 3000],
  );
  assert.ok(debits.every(({ batch }) => batch.entryClass === 'WEB'));
  assert.deepEqual(
    entries.filter(({ batch }) => batch.serviceClass === '220').map(({ entry }) => [entry.code, entry.account.trim(), entry.cents]),
    [['22', '000123456789', 400]],
  );
  const returns = entries.filter(({ direction }) => direction === 'received').flatMap(({ entry }) => entry.addenda);
  assert.deepEqual(returns.map((each) => (each.type === '99' ? each.code : each.type)).toSorted(), ['R01', 'R10']);
});

test('a SEPA debit is collected under a mandate by pain.008, whatever the clearing house loses, delays or says twice', async () => {
  const { mandate_data: _, ...unasked } = european(500, iban.good);
  assert.equal((await refusal(stripe.paymentIntents.create(unasked))).param, 'mandate_data');
  assert.equal((await refusal(stripe.paymentIntents.create(european(500, 'DE89370400440532013001')))).code, 'invalid_bank_account_iban');
  await rest('POST', 'card-networks/-/put-card-network', { seed: 'euro', lost: 30, late: 50, twice: 100 });
  const asked = [european(1100, iban.good), european(1200, iban.bad), european(1300, iban.later), european(1400, iban.good)];
  const made = await Promise.all(asked.map((each) => stripe.paymentIntents.create(each)));
  assert.ok(made.every(({ status }) => status === 'processing'));
  const uncancelable = await refusal(stripe.paymentIntents.cancel(made[0]?.id ?? ''));
  assert.ok(uncancelable.code === 'payment_intent_unexpected_state', uncancelable.message);
  const ends = ['succeeded', 'requires_payment_method', 'succeeded', 'succeeded'];
  await Promise.all(made.map(({ id }, index) => reached(id, ends[index] ?? '')));
  await until(
    () => stripe.disputes.list({ payment_intent: made[2]?.id ?? '' }),
    ({ data }) => data.length === 1,
  );
  assert.equal(await balance('eur'), 2500);
  const all = await files('sepa');
  const read = await Promise.all(all.map(async ({ id }) => readIso20022(Buffer.from(await contents(id)))));
  const collected = read.flatMap((each) => (each.kind === 'pain.008' ? each.value.payments.flatMap(({ collections }) => collections) : []));
  assert.deepEqual(
    collected.map(({ amount }) => amount.minor).toSorted((a, b) => a - b),
    [1100, 1200, 1300, 1400],
  );
  assert.ok(collected.every(({ directDebit }) => directDebit.mandate.startsWith('mandate_')));
  const rejected = read.flatMap((each) => (each.kind === 'pacs.002' ? each.value.statuses.filter(({ status }) => status === 'RJCT') : []));
  assert.deepEqual(
    rejected.map(({ reasons }) => reasons[0]?.code),
    ['AM04'],
  );
  const back = read.flatMap((each) => (each.kind === 'pacs.004' ? each.value.returns : []));
  assert.deepEqual(
    back.map(({ amount }) => amount.minor),
    [1300],
  );
  await rest('POST', 'card-networks/-/put-card-network', {});
});

const brazilian = (email: string): Stripe.PaymentMethodCreateParams.BillingDetails => ({
  ...{ name: 'Fulano', email },
  address: { line1: 'Rua 1', city: 'São Paulo', state: 'SP', postal_code: '01310-100', country: 'BR' },
});

test('vouchers of Boleto and OXXO and codes of PIX are read at the till, paid once, and expire', async () => {
  const boleto = (email: string) =>
    stripe.paymentIntents.create({
      ...{ amount: 12_345, currency: 'brl', confirm: true, payment_method_types: ['boleto'] },
      payment_method_data: { type: 'boleto', boleto: { tax_id: '000.000.000-00' }, billing_details: brazilian(email) },
      payment_method_options: { boleto: { expires_after_days: 5 } },
    });
  const [paid, expired] = await Promise.all([boleto('succeed_immediately@example.com'), boleto('expire_immediately@example.com')]);
  const line = paid.next_action?.boleto_display_details?.number ?? '';
  const { centavos, due } = readBoleto(line, new Date());
  assert.equal(centavos, 12_345);
  assert.equal(due, new Date(Number(paid.next_action?.boleto_display_details?.expires_at) * 1000).toISOString().slice(0, 10));
  await reached(paid.id, 'succeeded');
  assert.equal((await reached(expired.id, 'requires_payment_method')).last_payment_error?.code, 'payment_intent_payment_attempt_expired');
  assert.equal((await refusal(stripe.refunds.create({ payment_intent: paid.id }))).code, 'charge_not_refundable');

  const oxxo = await stripe.paymentIntents.create({
    ...{ amount: 9900, currency: 'mxn', confirm: true, payment_method_types: ['oxxo'] },
    payment_method_data: { type: 'oxxo', billing_details: { name: 'Juan', email: 'succeed_immediately@example.com' } },
  });
  assert.match(oxxo.next_action?.oxxo_display_details?.number ?? '', /^\d{14}$/);
  await reached(oxxo.id, 'succeeded');

  const pix = (email: string) =>
    stripe.paymentIntents.create({
      ...{ amount: 500, currency: 'brl', confirm: true, payment_method_types: ['card', 'pix'] },
      payment_method_data: { type: 'pix', billing_details: { email } },
    });
  const [scanned, left] = await Promise.all([pix('succeed_immediately@example.com'), pix('fill_never@example.com')]);
  assert.equal(readPix(scanned.next_action?.pix_display_qr_code?.data ?? '').centavos, 500);
  await reached(scanned.id, 'succeeded');
  assert.equal(left.status, 'requires_action');
  // Who does not pay by the code may pay by card, and the code is nothing any more.
  const byCard = await stripe.paymentIntents.confirm(left.id, { payment_method: 'pm_card_visa' });
  assert.equal(byCard.status, 'succeeded');
  assert.equal(await balance('brl'), 12_345 + 500 + 500);
  const foreign = await refusal(
    stripe.paymentIntents.create({
      ...{ amount: 500, currency: 'usd', confirm: true, payment_method_types: ['pix'] },
      payment_method_data: { type: 'pix' },
    }),
  );
  assert.equal(foreign.param, 'currency');
});

test('rules and features take debits and vouchers as they take cards, before a bank is asked or a voucher is shown', async () => {
  const written = async (rule: string) => (await rest<{ id: string }>('POST', 'risk-rules/-/create-risk-rule', { rule })).id;
  const rules = [
    await written("block if :payment_method_type: = 'sepa_debit' and :bank_country: = 'DE' and :card_count_1d: >= 1"),
    await written("block if :payment_method_type: = 'oxxo' and :amount: > 100"),
    await written("block if :bank_country: = 'US' and :amount: > 50"),
    await written("review if :payment_method_type: = 'us_bank_account'"),
  ];
  const first = await stripe.paymentIntents.create(european(900, 'AT611904300234573201'));
  assert.equal(first.status, 'processing');
  const again = await refusal(stripe.paymentIntents.create(european(900, iban.good)));
  assert.deepEqual([again.statusCode, again.code, again.decline_code], [402, 'payment_intent_payment_attempt_failed', 'fraudulent']);
  const { outcome, status, failure_code: code } = await stripe.charges.retrieve(String(again.charge));
  assert.deepEqual(
    [status, outcome?.type, outcome?.network_status, outcome?.rule, code],
    ['failed', 'blocked', 'not_sent_to_network', rules[0], 'payment_intent_payment_attempt_failed'],
  );
  const voucher = await refusal(
    stripe.paymentIntents.create({
      ...{ amount: 20_000, currency: 'mxn', confirm: true, payment_method_types: ['oxxo'] },
      payment_method_data: { type: 'oxxo', billing_details: { name: 'Jenny Rosen', email: 'j@example.com' } },
    }),
  );
  assert.equal((await stripe.charges.retrieve(String(voucher.charge))).outcome?.rule, rules[1]);
  assert.equal((await refusal(stripe.paymentIntents.create(american(6000, '000123456789')))).decline_code, 'fraudulent');
  const reviewed = await reached(await verified(4000, '000123456789'), 'succeeded');
  const taken = await stripe.charges.retrieve(String(reviewed.latest_charge));
  assert.deepEqual([taken.outcome?.type, taken.outcome?.rule], ['manual_review', rules[3]]);
  type Traced = { records: { kind: string; direction: string; records: object[] }[]; attempts: { route: object }[] };
  const trace = await rest<Traced>('GET', `payment-intents/${reviewed.id}/get-payment-intent-trace`);
  assert.deepEqual(trace.attempts[0]?.route, { rail: 'ach' });
  assert.equal(trace.records[0]?.kind, 'NACHA');
  assert.match(JSON.stringify(trace.records), /"account":"\*\*\*\*6789"/);
  assert.ok(!JSON.stringify(trace.records).includes('000123456789'));
  await reached(first.id, 'succeeded');
  const euros = await rest<Traced>('GET', `payment-intents/${first.id}/get-payment-intent-trace`);
  assert.deepEqual(
    euros.records.map(({ kind, direction }) => [kind, direction]),
    [
      ['pain.008', 'sent'],
      ['pacs.002', 'received'],
    ],
  );
  for (const id of rules) await rest('DELETE', `risk-rules/${id}`);
});

test('an account is set up by what came to it or by the page of its bank, and is debited without being proven again', async () => {
  const customer = await stripe.customers.create({ name: 'Jenny Rosen', email: 'jenny@example.com' });
  const account = { routing_number: '110000000', account_number: '000123456789', account_holder_type: 'individual' } as const;
  const asked = (verification: 'instant' | 'microdeposits'): Stripe.SetupIntentCreateParams => ({
    ...{ customer: customer.id, confirm: true, payment_method_types: ['us_bank_account'], mandate_data: agreed },
    payment_method_data: { type: 'us_bank_account', billing_details: { name: 'Jenny Rosen' }, us_bank_account: account },
    payment_method_options: { us_bank_account: { verification_method: verification } },
  });
  const { mandate_data: _, ...unasked } = asked('microdeposits');
  assert.equal((await refusal(stripe.setupIntents.create(unasked))).param, 'mandate_data');
  assert.equal(
    (await refusal(stripe.setupIntents.create({ ...asked('instant'), ...{ payment_method_types: ['card'] } }))).param,
    'payment_method',
  );
  const waiting = await stripe.setupIntents.create(asked('microdeposits'));
  assert.deepEqual([waiting.status, waiting.next_action?.type], ['requires_action', 'verify_with_microdeposits']);
  const answer = (id: string, secret: string | null) =>
    house.call(
      ...(['POST', `/v1/payments/setup-intents/${id}/answer-setup-intent-challenge`] as const),
      ...([
        { client_secret: secret, outcome: 'authenticated' },
        { door: 'payments.rest', bearer },
      ] as const),
    );
  assert.equal((await answer(waiting.id, waiting.client_secret)).status, 400, 'no page proves what came to an account');
  const wrong = await refusal(stripe.setupIntents.verifyMicrodeposits(waiting.id, { amounts: [32, 44] }));
  assert.equal(wrong.code, 'payment_method_microdeposit_verification_amounts_mismatch');
  const done = await stripe.setupIntents.verifyMicrodeposits(waiting.id, { descriptor_code: 'SM11AA' });
  assert.deepEqual([done.status, typeof done.mandate], ['succeeded', 'string']);
  assert.equal(
    (await refusal(stripe.setupIntents.verifyMicrodeposits(waiting.id, { amounts: [32, 45] }))).code,
    'setup_intent_unexpected_state',
  );
  const instant = await stripe.setupIntents.create({ ...asked('instant'), return_url: 'https://example.com/back' });
  assert.match(instant.next_action?.redirect_to_url?.url ?? '', /\/3d_secure\//);
  assert.equal((await answer(instant.id, instant.client_secret)).status, 200);
  const methods = [done.payment_method, (await stripe.setupIntents.retrieve(instant.id)).payment_method].map(String);
  for (const method of methods) {
    const paid = await stripe.paymentIntents.create({
      ...{ amount: 900, currency: 'usd', customer: customer.id, payment_method: method, confirm: true, off_session: true },
      ...{ payment_method_types: ['us_bank_account'] },
    });
    assert.equal(paid.status, 'processing');
    await reached(paid.id, 'succeeded');
  }
  const euro = await stripe.setupIntents.create({
    ...{ customer: customer.id, confirm: true, payment_method_types: ['card', 'sepa_debit'], mandate_data: agreed },
    payment_method_data: {
      ...{ type: 'sepa_debit', billing_details: { name: 'Jürgen Groß', email: 'j@example.com' } },
      sepa_debit: { iban: iban.good },
    },
  });
  assert.deepEqual([euro.status, typeof euro.mandate], ['succeeded', 'string']);
});
