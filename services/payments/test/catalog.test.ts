import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import { type House, openHouse } from './fixtures/house.ts';
import { refusal } from './fixtures/refusal.ts';

let house: House;
let stripe: Stripe;
before(async () => {
  house = await openHouse();
  stripe = house.stripe();
});
after(() => house?.stop());

const ids = ({ data }: { data: readonly { id: string }[] }) => data.map(({ id }) => id);

test('a product with its prices is made, found, changed, and deleted only without prices', async () => {
  const tea = await stripe.products.create({
    ...{ id: 'tea', name: 'Tea', images: ['https://example.com/tea.png'], metadata: { shelf: '4' }, shippable: true },
    ...{ package_dimensions: { height: 1.5, length: 2, weight: 0.25, width: 3 }, marketing_features: [{ name: 'Hot' }] },
    default_price_data: { currency: 'USD', unit_amount: 500, recurring: { interval: 'month', interval_count: 3 } },
    expand: ['default_price.product'],
  });
  const price = tea.default_price as Stripe.Price;
  assert.deepEqual([tea.id, price.unit_amount, price.currency, price.recurring?.interval_count], ['tea', 500, 'usd', 3]);
  assert.equal((price.product as Stripe.Product).package_dimensions?.height, 1.5);
  const twice = await refusal(stripe.products.create({ id: 'tea', name: 'Tea' }));
  assert.deepEqual([twice.statusCode, twice.code], [400, 'resource_already_exists']);
  const again = () => stripe.products.create({ id: 'cup', name: 'Cup' }, { idempotencyKey: 'cup' });
  assert.equal((await again()).id, (await again()).id);
  const changed = await stripe.products.update('tea', { active: false, description: 'Green', metadata: { shelf: '' } });
  assert.deepEqual([changed.active, changed.description, changed.metadata], [false, 'Green', {}]);
  assert.deepEqual(ids(await stripe.products.list({ active: false })), ['tea']);
  assert.deepEqual(ids(await stripe.products.list({ ids: ['cup', 'none'] })), ['cup']);
  assert.deepEqual(ids(await stripe.products.search({ query: 'name:"Cup"' })), ['cup']);
  const other = await stripe.prices.create({ currency: 'eur', unit_amount_decimal: Stripe.Decimal.from('0.5'), product: 'cup' });
  assert.deepEqual([other.unit_amount, other.unit_amount_decimal?.toString(), other.type], [null, '0.5', 'one_time']);
  assert.match((await refusal(stripe.products.update('tea', { default_price: other.id }))).message, /another product/);
  assert.equal((await refusal(stripe.products.del('cup'))).statusCode, 400);
  const lone = await stripe.products.create({ name: 'Lone' });
  assert.equal((await stripe.products.del(lone.id)).deleted, true);
  assert.equal((await refusal(stripe.products.retrieve(lone.id))).code, 'resource_missing');
});

test('a lookup key is of one price, and goes to another when that is said', async () => {
  const make = (more: object = {}) =>
    stripe.prices.create({ currency: 'usd', unit_amount: 700, lookup_key: 'basic', product_data: { name: 'Plan' }, ...more });
  const asked = await Promise.allSettled([make(), make(), make()]);
  const made = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  assert.equal(made.length, 1);
  assert.equal((await refusal(make())).param, 'lookup_key');
  const next = await make({ transfer_lookup_key: true, recurring: { interval: 'year' } });
  assert.deepEqual(ids(await stripe.prices.list({ lookup_keys: ['basic', 'other'] })), [next.id]);
  assert.equal((await stripe.prices.retrieve(String(made[0]?.id))).lookup_key, null);
  assert.deepEqual(ids(await stripe.prices.list({ type: 'recurring', recurring: { interval: 'year' } })), [next.id]);
  assert.deepEqual(ids(await stripe.prices.search({ query: 'lookup_key:"basic"' })), [next.id]);
  assert.equal((await stripe.prices.update(next.id, { tax_behavior: 'inclusive', nickname: 'Yearly' })).nickname, 'Yearly');
  assert.equal((await refusal(stripe.prices.update(next.id, { tax_behavior: 'exclusive' }))).param, 'tax_behavior');
  assert.equal((await refusal(stripe.prices.create({ currency: 'usd', product: String(next.product) }))).param, 'unit_amount');
  assert.equal((await refusal(stripe.prices.create({ currency: 'usd', unit_amount: 1, product: 'none' }))).code, 'resource_missing');
});

test('coupons take off a part or an amount, and codes stand for them while they last', async () => {
  const coupon = await stripe.coupons.create({
    id: 'SPRING',
    percent_off: 12.5,
    duration: 'repeating',
    duration_in_months: 2,
    name: 'Spring',
  });
  assert.deepEqual([coupon.percent_off, coupon.valid, coupon.times_redeemed], [12.5, true, 0]);
  const amount = await stripe.coupons.create({ amount_off: 300, currency: 'EUR' });
  assert.deepEqual([amount.duration, amount.currency], ['once', 'eur']);
  assert.match(amount.id, /^[A-Z0-9]{8}$/);
  for (const [given, param] of [
    [{ amount_off: 300 }, 'currency'],
    [{ percent_off: 101 }, 'percent_off'],
    [{ percent_off: 5, amount_off: 3 }, 'percent_off'],
    [{ percent_off: 5, redeem_by: 1 }, 'redeem_by'],
    [{ percent_off: 5, duration: 'repeating' }, 'duration_in_months'],
    [{ percent_off: '1e1' as unknown as number }, 'percent_off'],
  ] as const)
    assert.equal((await refusal(stripe.coupons.create(given))).param, param);
  const promotion = { type: 'coupon', coupon: 'SPRING' } as const;
  const code = await stripe.promotionCodes.create({
    promotion,
    code: 'Hello',
    restrictions: { minimum_amount: 100, minimum_amount_currency: 'usd' },
  });
  const seen = await stripe.promotionCodes.retrieve(code.id, { expand: ['promotion.coupon'] });
  assert.equal((seen.promotion.coupon as Stripe.Coupon).percent_off, 12.5);
  assert.equal((await refusal(stripe.promotionCodes.create({ promotion, code: 'HELLO' }))).param, 'code');
  assert.deepEqual(ids(await stripe.promotionCodes.list({ code: 'hello', active: true })), [code.id]);
  assert.equal((await stripe.promotionCodes.update(code.id, { active: false })).active, false);
  const second = await stripe.promotionCodes.create({ promotion, code: 'HELLO', expires_at: Math.floor(Date.now() / 1000) + 600 });
  assert.equal((await refusal(stripe.promotionCodes.update(code.id, { active: true }))).param, 'code');
  assert.deepEqual(ids(await stripe.promotionCodes.list({ coupon: 'SPRING', active: false })), [code.id]);
  assert.deepEqual(ids(await stripe.promotionCodes.list({ coupon: 'SPRING', active: true })), [second.id]);
  assert.equal((await stripe.coupons.update('SPRING', { metadata: { a: '1' } })).name, 'Spring');
  assert.equal((await stripe.coupons.del('SPRING')).deleted, true);
  assert.equal((await refusal(stripe.coupons.retrieve('SPRING'))).statusCode, 404);
  const types = (await stripe.events.list({ type: 'coupon.*', limit: 2 })).data.map(({ type }) => type);
  assert.deepEqual(types, ['coupon.deleted', 'coupon.updated']);
});

test('a tax rate is named, listed and ended', async () => {
  const rate = await stripe.taxRates.create({ display_name: 'MwSt', inclusive: true, percentage: 7.5, country: 'DE', tax_type: 'vat' });
  assert.deepEqual([rate.percentage, rate.active, rate.inclusive], [7.5, true, true]);
  assert.equal((await stripe.taxRates.update(rate.id, { active: false, description: 'reduced' })).description, 'reduced');
  assert.deepEqual(ids(await stripe.taxRates.list({ active: false, inclusive: true })), [rate.id]);
  assert.equal((await refusal(stripe.taxRates.create({ display_name: 'x', inclusive: true, percentage: -1 }))).param, 'percentage');
});
