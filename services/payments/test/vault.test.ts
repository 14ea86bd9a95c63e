import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type Stripe from 'stripe';
import type { Keeper } from '#kernel/keys/client.ts';
import { openRing } from '#kernel/keys/ring.ts';
import { sealerOf } from '#kernel/keys/sealer.ts';
import { luhnSum } from '../domain/luhn.ts';
import { Aliases } from '../engine/card/alias.ts';
import { CardStore } from '../engine/card/card-store.ts';
import { answered } from './fixtures/answered.ts';
import { type House, openHouse } from './fixtures/house.ts';
import { refusal } from './fixtures/refusal.ts';
import { restOf } from './fixtures/rest.ts';
import { Search } from './fixtures/search.ts';
import { until } from './fixtures/until.ts';

const room = realpathSync(mkdtempSync(join(tmpdir(), 'gamut-vault-')));
// PostgreSQL's own user passes through it.
chmodSync(room, 0o711);
const data = join(room, 'data');
let house: House;
let stripe: Stripe;
before(async () => {
  mkdirSync(data);
  house = await openHouse({ mode: 'processes', data, quiet: false });
  stripe = house.stripe();
});
after(async () => {
  await house?.stop();
  rmSync(room, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
});

/** A number with the check digit that Luhn's sum wants, which nobody has seen before. */
function drawn(prefix: string, length: number): string {
  const digits = prefix + Array.from({ length: length - prefix.length - 1 }, () => randomInt(10)).join('');
  const check = Array.from({ length: 10 }, (_, digit) => String(digit)).find((digit) => luhnSum(digits + digit) === 0);
  return digits + String(check);
}

const schemes = [
  ['4', 16],
  ['53', 16],
  ['37', 15],
  ['62', 19],
  ['35', 16],
  ['3056', 14],
] as const;
const draw = (): string[] => schemes.map(([prefix, length]) => drawn(prefix, length));
const year = new Date().getUTCFullYear() + 2;
const typed = (number: string) => ({ number, exp_month: 12, exp_year: year, cvc: '123' });
const pidOf = (name: string): number => {
  const pid = house.platform.status().processes.find((process) => process.name === name)?.pid;
  assert.ok(typeof pid === 'number', `there is no process ${name}`);
  return pid;
};

test('an alias looks like its card, is none, and leads back to it', () => {
  const aliases = new Aliases(Buffer.alloc(32, 7));
  const numbers = Array.from({ length: 50 }, draw).flat();
  const made = numbers.map((number) => aliases.of(number, 5n));
  made.forEach((alias, at) => {
    const number = String(numbers[at]);
    assert.deepEqual([alias.length, alias.slice(-4), luhnSum(alias)], [number.length, number.slice(-4), 1]);
    assert.equal(aliases.numberOf(alias, 5n), number);
  });
  assert.notDeepEqual(
    made.slice(0, 6),
    numbers.slice(0, 6).map((number) => aliases.of(number, 6n)),
  );
  assert.equal(aliases.of('4242424242424242', 5n).slice(0, 5), '42424');
});

test('a card that was shredded is unreadable in copies that were made before, and the others are not', async (context) => {
  // Beside the platform, whose files come and go while it runs.
  const own = mkdtempSync(join(tmpdir(), 'gamut-shred-'));
  context.after(() => rmSync(own, { recursive: true }));
  const ring = openRing(join(own, 'ring'));
  const keeper = { lease: async (tenant: bigint, purpose: string, version?: number) => ring.lease(tenant, version, purpose) };
  const sealer = sealerOf(keeper as unknown as Keeper, 'test', Date.now);
  const at = { tenant: 1n, scope: 2n };
  const directory = join(own, 'cards');
  mkdirSync(directory);
  const cards = await CardStore.open(directory, sealer);
  const [one, two] = [drawn('4', 16), drawn('4', 16)];
  const gone = await cards.keep(at, 'pm_1', { number: one });
  const left = await cards.keep(at, 'pm_2', { number: two });
  assert.equal(await cards.keep(at, 'pm_1', { number: one }), gone);
  assert.deepEqual(await cards.read(at, gone), { number: one });
  assert.equal(await cards.read({ tenant: 1n, scope: 3n }, gone), undefined);
  cpSync(join(directory, 'card'), join(own, 'earlier'), { recursive: true });
  await cards.shred(at, gone);
  assert.equal(await cards.read(at, gone), undefined);
  assert.deepEqual(await cards.read(at, left), { number: two });
  await cards.close();
  rmSync(join(directory, 'card'), { recursive: true });
  cpSync(join(own, 'earlier'), join(directory, 'card'), { recursive: true });
  const restored = await CardStore.open(directory, sealer);
  assert.equal(await restored.read(at, gone), undefined);
  assert.deepEqual(await restored.read(at, left), { number: two });
  await restored.close();
  const search = new Search([one, two]);
  search.inFiles(own);
  assert.equal(search.found.size, 0);
});

/** Requests with numbers, by every way there is; the first six are of payments that are let in. */
async function taken(numbers: readonly string[]): Promise<void> {
  const [method, source, token, intent, page, setup] = numbers as [string, string, string, string, string, string];
  const made = await stripe.paymentMethods.create({ type: 'card', card: typed(method) });
  assert.deepEqual([made.card?.last4, made.card?.checks?.cvc_check], [method.slice(-4), 'pass']);
  const again = { type: 'card', card: typed(method) } as const;
  const keyed = await stripe.paymentMethods.create(again, { idempotencyKey: 'number' });
  assert.equal((await stripe.paymentMethods.create(again, { idempotencyKey: 'number' })).id, keyed.id);
  assert.equal(keyed.card?.fingerprint, made.card?.fingerprint);
  const other = { type: 'card', card: typed(source) } as const;
  assert.equal((await refusal(stripe.paymentMethods.create(other, { idempotencyKey: 'number' }))).type, 'StripeIdempotencyError');
  const charged = { object: 'card', ...typed(source) } as unknown as string;
  assert.equal(
    (await refusal(stripe.charges.create({ amount: 500, currency: 'usd', source: charged }))).decline_code,
    'test_mode_live_card',
  );
  const one = await stripe.tokens.create({ card: { ...typed(token), exp_month: '12', exp_year: String(year) } });
  assert.equal(one.card?.last4, token.slice(-4));
  const of = await refusal(stripe.charges.create({ amount: 500, currency: 'usd', source: one.id }));
  assert.equal(of.decline_code, 'test_mode_live_card');
  const inside = { amount: 500, currency: 'usd', confirm: true, payment_method_data: { type: 'card', card: typed(intent) } } as const;
  assert.equal((await refusal(stripe.paymentIntents.create(inside as never))).decline_code, 'test_mode_live_card');
  const line = { price_data: { currency: 'usd', unit_amount: 1500, product_data: { name: 'Mug' } }, quantity: 1 };
  const session = await stripe.checkout.sessions.create({ mode: 'payment', success_url: 'https://shop.example/', line_items: [line] });
  const form = new URLSearchParams({ number: page, expiry: '12 / 40', cvc: '123', name: 'Ada L', email: 'ada@example.com' });
  const shown = await (await fetch(String(session.url), { method: 'POST', body: form })).text();
  assert.match(shown, /used a non test card/);
  const data = { type: 'card', card: typed(setup) };
  assert.equal((await stripe.setupIntents.create({ confirm: true, payment_method_data: data } as never)).status, 'succeeded');
}

/** Requests that bring numbers where none belong: all are refused. */
async function strayed(numbers: readonly string[]): Promise<void> {
  const [address, body, twice, forged] = numbers as [string, string, string, string];
  const url = `http://${house.at.host}:${house.at.port}/v1/payment_methods`;
  const key = { authorization: `Bearer ${house.faces.stripe.secretKey}` };
  const ask = async (to: string, text: string, type = 'application/x-www-form-urlencoded') => {
    const reply = await fetch(to, { method: 'POST', body: text, headers: { ...key, 'content-type': type } });
    return [reply.status, await reply.text()] as const;
  };
  const [status, said] = await ask(`${url}?card%5Bnumber%5D=${address}`, 'type=card');
  assert.equal(status, 400);
  assert.match(said, /never in its address/);
  assert.equal((await ask(url, JSON.stringify({ type: 'card', card: { number: body } }), 'application/json'))[0], 400);
  assert.equal((await ask(url, `type=card&card[number]=${twice}&card[number]=%zz`))[0], 400);
  const [refused, words] = await ask(url, `type=card&card[vaulted]=${'0'.repeat(64)}&card[number]=${forged}`);
  assert.equal(refused, 400);
  assert.match(words, /unknown parameter/);
}

/** An account of somebody; answers what its number is kept under. */
async function accountOf(email: string): Promise<string> {
  const { id } = await stripe.paymentMethods.create({
    ...{ type: 'us_bank_account', billing_details: { name: 'Sal Ler', email } },
    us_bank_account: { routing_number: '110000000', account_number: '000123456789', account_holder_type: 'individual' },
  });
  return `account ${id}`;
}

async function erased(subject: string): Promise<void> {
  const { bearer } = await house.credential({ environment: 'test', role: 'owner' });
  const options = { door: 'payments.rest', bearer };
  const { status, body } = await house.call('POST', '/v1/payments/data-subjects/-/erase-data-subject', { subject }, options);
  assert.equal(status, 200, JSON.stringify(body));
}

test('random numbers are in the card environment alone, and at rest nowhere at all', { timeout: 110_000 }, async () => {
  const [good, stray] = [draw(), draw()];
  const endpoint = await stripe.webhookEndpoints.create({ url: 'https://example.com/hook', enabled_events: ['*'] });
  await taken(good);
  await strayed(stray);
  await stripe.webhookEndpoints.del(endpoint.id);
  const search = new Search([...good, ...stray]);
  await search.inMemory('payments-vault', pidOf('payments-vault'));
  assert.ok(search.found.size > 0, 'numbers that the vault waits with are found in its memory');
  search.found.clear();
  for (const name of ['payments', 'ledger', 'control', 'recorder', 'keeper']) await search.inMemory(name, pidOf(name));
  assert.deepEqual([...search.found], []);
  // What was typed is charged after the vault has started anew: it is kept, and sealed.
  const method = await stripe.paymentMethods.create({ type: 'card', card: typed('4242424242424242') });
  const told = Date.now();
  const before = await stripe.paymentIntents.create({ amount: 900, currency: 'usd', confirm: true, payment_method: method.id });
  const book = join(data, 'service', 'payments-vault', 'message', 'data.mdb');
  await until(
    async () => statSync(book).mtimeMs,
    (written) => written > told,
  );
  process.kill(pidOf('payments-vault'), 'SIGKILL');
  const paid = await answered(() =>
    stripe.paymentIntents.create(
      { amount: 700, currency: 'usd', confirm: true, payment_method: method.id },
      { idempotencyKey: 'after the vault' },
    ),
  );
  assert.equal(paid.status, 'succeeded');
  // What was said of cards before is shown still, without numbers and enciphered PINs.
  const { bearer } = await house.credential({ environment: 'test', role: 'reader' });
  const trace = `payment-intents/${before.id}/get-payment-intent-trace`;
  const { messages } = await restOf<{ messages: { mti: string; elements: { number: number }[] }[] }>(house, bearer, 'GET', trace);
  assert.deepEqual(
    messages.map(({ mti }) => mti),
    ['0200', '0210'],
  );
  assert.ok(messages.every(({ elements }) => elements.every(({ number }) => number !== 52 && number !== 55)));
  const [gone, left] = [await accountOf('gone@example.com'), await accountOf('left@example.com')];
  await erased('gone@example.com');
  await house.stop();
  writeFileSync(join(data, 'planted'), String(good[0]));
  search.inFiles(data);
  assert.deepEqual([...search.found], [[good[0], new Set([join(data, 'planted')])]]);
  search.found.clear();
  rmSync(join(data, 'planted'));
  assert.ok((await search.inTables(data)) > 100);
  assert.deepEqual([...search.found], []);
  // The number of an account goes with its subject, and that of another stays.
  const accounts = new Search([gone, left]);
  await accounts.inTables(data);
  assert.deepEqual([...accounts.found.keys()], [left]);
});
