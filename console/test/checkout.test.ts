import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type Stripe from 'stripe';
import { type House, openHouse } from '#services/payments/test/fixtures/house.ts';
import { noBrowser, openBrowser } from './fixture/browser.ts';
import { type Scheme, seen, type Visit, visit } from './fixture/visit.ts';

let house: House;
let browser: Browser;
let shop: Server;
before(async () => {
  if (noBrowser) return;
  house = await openHouse({ settings: { domains: ['shop.localhost'] } });
  browser = await openBrowser();
  shop = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><html lang="en"><title>Shop</title><main><h1>Thank you for buying</h1></main></html>');
  }).listen(0, '127.0.0.1');
  await once(shop, 'listening');
});
after(async () => {
  await browser?.close();
  shop?.close();
  await house?.stop();
});

const shopUrl = () => `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;

async function pay({ page }: Visit, number: string): Promise<void> {
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Card number').fill(number);
  await page.getByLabel('MM / YY').fill('12 / 40');
  await page.getByLabel('CVC').fill('123');
  await page.getByLabel('Name on card').fill('Ada L');
  await page.getByRole('button', { name: /^Pay / }).click();
}

const fresh = (stripe: Stripe) =>
  stripe.checkout.sessions.create({
    ...{ mode: 'payment', success_url: `${shopUrl()}/done?s={CHECKOUT_SESSION_ID}`, cancel_url: `${shopUrl()}/` },
    line_items: [{ quantity: 2, price_data: { currency: 'eur', unit_amount: 1250, product_data: { name: 'Mug <b>' } } }],
  });

for (const scheme of ['light', 'dark'] as const satisfies readonly Scheme[])
  test(`a browser buys on the page of checkout, is asked by the bank whether it is the holder, and comes back (${scheme})`, {
    skip: noBrowser,
  }, async () => {
    const stripe = house.stripe();
    const session = await fresh(stripe);
    assert.equal(new URL(String(session.url)).host, `checkout.shop.localhost:${house.at.port}`);
    const me = await visit(browser, scheme);
    const { page } = me;
    await page.goto(String(session.url));
    await page.getByRole('heading', { name: 'Checkout' }).waitFor();
    await page.getByText('2 × Mug <b>').waitFor();
    await seen(me, '60-checkout');
    if (scheme === 'light') {
      await pay(me, '4000000000000002');
      await page.getByRole('alert').getByText('Your card was declined').waitFor();
      await seen(me, '61-checkout-declined');
    }
    await pay(me, '4000000000003220');
    await page.getByRole('heading', { name: 'Is it you?' }).waitFor();
    assert.equal(new URL(page.url()).host, `checkout.shop.localhost:${house.at.port}`);
    await seen(me, '62-challenge');
    if (scheme === 'light') {
      await page.getByRole('button', { name: 'Fail authentication' }).click();
      await page.getByRole('heading', { name: 'Checkout' }).waitFor();
      assert.equal((await stripe.checkout.sessions.retrieve(session.id)).payment_status, 'unpaid');
      await pay(me, '4000000000003220');
    }
    await page.getByRole('button', { name: 'Complete authentication' }).click();
    await page.getByRole('heading', { name: 'Thank you for buying' }).waitFor();
    assert.equal(page.url(), `${shopUrl()}/done?s=${session.id}`);
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['payment_intent.latest_charge'] });
    assert.deepEqual([done.status, done.payment_status], ['complete', 'paid']);
    const charge = (done.payment_intent as Stripe.PaymentIntent).latest_charge as Stripe.Charge;
    assert.equal(charge.payment_method_details?.card?.three_d_secure?.result, 'authenticated');
    await page.goto(String(session.url));
    await page.waitForURL(`${shopUrl()}/**`);
    await me.close();
  });

test('the host of pages has pages alone, and the host of the API sends browsers there', { skip: noBrowser }, async () => {
  const session = await fresh(house.stripe());
  const at = new URL(String(session.url));
  const origin = `http://${house.at.host}:${house.at.port}`;
  const elsewhere = await fetch(`${origin}${at.pathname}${at.search}`, { redirect: 'manual' });
  assert.deepEqual([elsewhere.status, elsewhere.headers.get('location')], [303, session.url]);
  const me = await visit(browser, 'light');
  const api = await me.page.goto(`${at.origin}/v1/balance`);
  assert.equal(api?.status(), 404);
  assert.match(String(api?.headers()['content-type']), /text\/html/);
  await me.close();
});
