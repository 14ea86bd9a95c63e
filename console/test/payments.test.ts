import assert from 'node:assert/strict';
import Stripe from 'stripe';
import { refusal } from '#services/payments/test/fixtures/refusal.ts';
import { until } from '#services/payments/test/fixtures/until.ts';
import { elsewhere, openFlow } from './fixture/flow.ts';
import { inBothSchemes, type Look } from './fixture/scheme.ts';
import { seen } from './fixture/visit.ts';

const flow = openFlow({ services: ['payments', 'ledger'] });

let stripe: Stripe;
const back = { return_url: 'https://shop.example/back' };
const pay = (card: string, amount: number, more: object = {}) =>
  stripe.paymentIntents.create({ amount, currency: 'usd', confirm: true, payment_method: card, ...back, ...more });

/** A rule that only counts; a payment whose second attempt goes well and that is given back in part; two disputes; a subscription. */
async function fill(): Promise<void> {
  const made = await elsewhere(flow, 'POST', '/platform/credentials', { role: 'admin', environment: 'test' });
  const { stripe: keys, bearer } = (await made.json()) as { stripe: { secretKey: string }; bearer: string };
  const { doors } = (await (await elsewhere(flow, 'GET', '/contract')).json()) as { doors: Record<string, { url: string }> };
  const { hostname, port } = new URL(doors['payments.stripe']?.url ?? '');
  stripe = new Stripe(keys.secretKey, { host: hostname, port: Number(port), protocol: 'http', maxNetworkRetries: 0 });
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  for (const rule of [
    { rule: 'block if :amount: > 6 and :card_count_1h: >= 0', status: 'shadow' },
    { rule: "review if ::look:: = 'yes'" },
  ]) {
    const path = `${doors['payments.rest']?.url}/v1/payments/risk-rules/-/create-risk-rule`;
    const reply = await fetch(path, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': crypto.randomUUID() },
      body: JSON.stringify(rule),
    });
    assert.equal(reply.status, 200, await reply.text());
  }
  for (const amount of [1100, 1200]) await pay('pm_card_visa', amount, { metadata: { look: 'yes' } });
  for (let count = 0; count < 2; count += 1) await pay('pm_card_createDispute', 1900);
  const { id: customer } = await stripe.customers.create({ name: 'Ada L', payment_method: 'pm_card_visa' });
  const { data } = await stripe.paymentMethods.list({ customer });
  const recurring = { interval: 'month' } as const;
  const price = await stripe.prices.create({ currency: 'usd', unit_amount: 4200, recurring, product_data: { name: 'Light' } });
  await stripe.subscriptions.create({ customer, default_payment_method: data[0]?.id ?? '', items: [{ price: price.id }] });
  const { id } = await stripe.paymentIntents.create({ amount: 700, currency: 'usd' });
  await refusal(stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa_chargeDeclined', ...back }));
  await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa', ...back });
  await stripe.refunds.create({ payment_intent: id, amount: 200 });
}

inBothSchemes('payments come in live, tell how they were decided, are held by rules that are written here, and disputes are answered', {
  flow,
  fill,
  look,
});

async function look(look: Look): Promise<void> {
  const root = look.root.replace(/\/live$/, '/test');
  await payments(look, root);
  await rules(look, root);
  await others(look, root);
}

async function payments({ me, scheme }: Look, root: string): Promise<void> {
  const { page } = me;
  await page.goto(`${root}/payments`);
  const newest = page.getByRole('region', { name: 'payments', exact: true });
  await newest.getByText('7.00 usd').waitFor();
  const amount = scheme === 'light' ? 512 : 513;
  await pay('pm_card_visa', amount);
  await newest.getByText(`5.${amount - 500} usd`).waitFor();
  await seen(me, '70-payments');
  await newest.getByText('7.00 usd').click();
  await page.getByRole('heading', { name: '7.00 usd' }).waitFor();
  const held = page.getByRole('region', { name: 'Rules of attempt 2' });
  await held.getByText(':amount: > 6 and :card_count_1h: >= 0').waitFor();
  await held.getByText('held', { exact: true }).waitFor();
  await page.getByRole('region', { name: 'Features of attempt 2' }).getByText('card_count_1h').waitFor();
  const entries = page.getByRole('region', { name: 'Entries of the payment' });
  await entries.getByRole('row').nth(7).waitFor();
  await entries.getByText('clearing usd').first().waitFor();
  await page
    .getByText(/^0210 financial response: response code 00/)
    .first()
    .click();
  await page.getByRole('region', { name: 'Fields of 0210' }).getByText('Retrieval reference number').first().waitFor();
  await page.getByRole('region', { name: 'Events of the payment' }).getByText('charge.refunded').waitFor();
  await seen(me, '71-payment');
  await page.goto(`${root}/payments/payment-intents`);
  await page.getByText(scheme === 'light' ? '11.00 usd' : '12.00 usd').click();
  await page.getByText('to be looked at').waitFor();
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('approved', { exact: true }).waitFor();
}

async function rules({ me, scheme }: Look, root: string): Promise<void> {
  const { page } = me;
  const limit = scheme === 'light' ? 9001 : 9002;
  await page.goto(`${root}/payments/risk-rules`);
  const rule = page.getByRole('textbox', { name: 'Rule' });
  await rule.fill(`block if :amount: > 'much'`);
  await page.getByText(/a number stands here, and not a text \(at character 21\)/).waitFor();
  await seen(me, '72-rule-wrong');
  await rule.fill('block if :amount: > 6');
  await page.getByText(/Would have met \d+ of the last \d+ payments \(.* usd\)/).waitFor();
  await rule.fill(`block if :amount: >= ${limit}`);
  await page.getByText(/Would have met 0 of/).waitFor();
  await page.getByRole('button', { name: 'Count in shadow' }).click();
  const row = page
    .getByRole('region', { name: 'Rules' })
    .getByRole('row')
    .filter({ hasText: `:amount: >= ${limit}` });
  await row.getByText('shadow', { exact: true }).waitFor();
  assert.equal((await pay('pm_card_visa', limit * 100)).status, 'succeeded');
  await row.getByRole('button', { name: 'Enable' }).click();
  await row.getByText('enabled', { exact: true }).waitFor();
  assert.equal((await refusal(pay('pm_card_visa', limit * 100))).decline_code, 'fraudulent');
  await seen(me, '73-rules');
  await row.getByRole('button', { name: 'Take the rule away' }).click();
  await row.waitFor({ state: 'detached' });
}

async function others({ me }: Look, root: string): Promise<void> {
  const { page } = me;
  await page.goto(`${root}/payments/disputes`);
  await page.getByText('needs response').first().click();
  await page.getByRole('heading', { name: '19.00 usd contested' }).waitFor();
  await page.getByRole('textbox', { name: 'Evidence' }).fill('winning_evidence');
  await seen(me, '74-dispute');
  await page.getByRole('button', { name: 'Hand in' }).click();
  await page.getByText('won', { exact: true }).waitFor();
  await page.goto(`${root}/payments/balances`);
  await page.getByText('USD', { exact: true }).waitFor();
  await page.getByRole('region', { name: 'lines of the statement' }).getByText('-2.00 usd').waitFor();
  await seen(me, '75-balance');
  await page.goto(`${root}/payments/subscriptions`);
  await page.getByText('active', { exact: true }).click();
  await page.getByRole('region', { name: 'Prices of the subscription' }).getByText('42.00 usd').waitFor();
  await page.goto(`${root}/payments/card-networks`);
  await page.getByLabel('Every answer takes').fill('30');
  await page.getByRole('button', { name: 'From now on' }).click();
  await page.getByText('The networks are like this from now on.').waitFor();
  const began = performance.now();
  await pay('pm_card_visa', 600);
  assert.ok(performance.now() - began >= 30);
  await page.getByLabel('The switch waits').fill('50');
  await page
    .getByRole('textbox', { name: 'Down', exact: true })
    .or(page.getByRole('combobox', { name: 'Down', exact: true }))
    .fill('card');
  await page.getByRole('option', { name: 'card', exact: true }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'From now on' }).click();
  const goOnPaying = async () => {
    for (let at = 0; at < 50; at += 1) await pay('pm_card_visa', 600);
  };
  assert.equal((await refusal(goOnPaying())).code, 'processing_error');
  await seen(me, '76-network');
  await page.getByRole('button', { name: 'As usual' }).click();
  await until(
    () => page.getByLabel('The switch waits').inputValue(),
    (shown) => shown === '8000 ms',
  );
}
