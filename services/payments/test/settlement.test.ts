import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import type Stripe from 'stripe';
import { matched, type Movement } from '../domain/match.ts';
import { bankStatement, type BankStatement, readStatements } from '../engine/bank/statement.ts';
import { type House, openHouse } from './fixtures/house.ts';

const day = 86_400;
const bounds = { seconds: 5 * day, least: 0.6, margin: 0.1, many: 6, tries: 50_000 };
const move = (id: string, amount: number, reference = '', date = 0): Movement => ({ id, amount, date, reference });
const how = (entries: Movement[], expected: Movement[]) =>
  matched(entries, expected, bounds).map((each) => `${each.how} ${each.entries.join('+')} = ${each.expected.join('+')}`);

test('movements belong together by name and amount, by likeness where one is clearly most alike, and as sums that only one group has', () => {
  assert.deepEqual(how([move('a', 5, 'Card 2026-10-02 usd')], [move('x', 5, 'CARD-20261002-USD'), move('y', 5, 'CARD-20261003-USD')]), [
    'exact a = x',
  ]);
  assert.deepEqual(how([move('a', -5, 'PO_1ABCDEFG TEA')], [move('x', -5, 'po_1abcdefg'), move('y', -5, 'po_9zzzzzzz')]), ['fuzzy a = x']);
  assert.deepEqual(how([move('a', 5, 'SALARY')], [move('x', 5, 'CARD-1'), move('y', 5, 'CARD-2')]), [], 'two are as likely');
  assert.deepEqual(how([move('a', 5, 'CARD-1', 9 * day)], [move('x', 5, 'CARD-X')]), [], 'too far apart');
  assert.deepEqual(how([move('a', 60, 'LUMP')], [move('x', 10), move('y', 20), move('z', 30), move('w', 99)]), ['many a = x+y+z']);
  assert.deepEqual(how([move('a', 40, 'ONE'), move('b', 60, 'TWO')], [move('x', 100, 'CARD')]), ['many a+b = x']);
  assert.deepEqual(how([move('a', 25, 'ONE'), move('b', 35, 'TWO')], [move('x', 20, 'C'), move('y', 40, 'D')]), ['many a+b = x+y']);
  assert.deepEqual(
    how([move('a', 30, 'L')], [move('x', 10), move('y', 20), move('z', 15), move('w', 15, 'W')]),
    [],
    'two sums are the same',
  );
  assert.deepEqual(how([move('a', 7, 'TWICE'), move('b', -7, 'TWICE')], []), ['reversal a+b = ']);
});

let house: House;
let stripe: Stripe;
let bearer: string;
before(async () => {
  house = await openHouse();
  stripe = house.stripe();
  ({ bearer } = await house.credential({ environment: 'test', role: 'admin' }));
});
after(() => house?.stop());

type Row = { id: string; [name: string]: unknown };

async function call(method: string, path: string, body?: object): Promise<Row> {
  const reply = await house.call(method, `/v1/payments/${path}`, body, { door: 'payments.rest', bearer });
  assert.equal(reply.status, 200, `${path}: ${JSON.stringify(reply.body)}`);
  return reply.body as Row;
}
const rowsOf = async (path: string): Promise<Row[]> => (await call('GET', path)).data as Row[];
const account = async (currency: string) => call('GET', `settlement-accounts/sacc_${currency}`);

const paid = (amount: number, currency: string) =>
  stripe.paymentIntents.create({ amount, currency, confirm: true, payment_method: 'pm_card_bypassPending' });

async function advanced(clock: string, to: number): Promise<void> {
  await stripe.testHelpers.testClocks.advance(clock, { frozen_time: to });
  for (let tries = 0; (await stripe.testHelpers.testClocks.retrieve(clock)).status !== 'ready'; tries += 1) {
    assert.ok(tries < 800, 'the clock does not arrive');
    await pause(25);
  }
}

test('the simulated bank sends camt.053 each day it works on; all of it is matched, and its balance is that of the ledger', async () => {
  const now = Math.floor(Date.now() / 1000);
  const clock = (await stripe.testHelpers.testClocks.create({ frozen_time: now })).id;
  const opened = await call('POST', 'settlement-accounts/-/open-settlement-account', { currency: 'sek', test_clock: clock });
  assert.deepEqual([opened.id, opened.account], ['sacc_sek', 'GAMUT-SEK']);
  await paid(4000, 'sek');
  const second = await paid(1500, 'sek');
  await stripe.refunds.create({ payment_intent: second.id, amount: 500 });
  const payout = await stripe.payouts.create({ amount: 1200, currency: 'sek' });
  assert.equal((await account('sek')).expected_of_networks, 5000);
  await advanced(clock, (Math.floor(now / day) + 8) * day);
  const entries = await rowsOf('bank-movements?currency=sek');
  const said = entries.map(({ amount, state, how: by, matched: what }) => [amount, state, by, what]);
  const date = new Date(now * 1000).toISOString().slice(0, 10).replaceAll('-', '');
  assert.deepEqual(
    said.toSorted(),
    [
      [-1200, 'matched', 'exact', [payout.id]],
      [5000, 'matched', 'exact', [`CARD-${date}-SEK`]],
    ].toSorted(),
  );
  const after = await account('sek');
  assert.deepEqual([after.bank_balance, after.unexplained, after.expected_of_networks, after.written_off], [3800, 0, 0, 0]);
  assert.deepEqual(await rowsOf('settlement-exceptions?currency=sek'), []);
  const statements = await rowsOf('bank-statements?currency=sek');
  assert.ok(statements.length >= 5);
  assert.equal(statements[0]?.closing_balance, 3800);
  const { content } = await call('GET', `bank-statements/${statements[0]?.id}/get-bank-statement-contents`);
  assert.match(String(content), /urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.08/);
  const again = await call('POST', 'bank-statements/-/import-bank-statement', { content });
  assert.deepEqual((again.data as Row[])[0]?.id, statements[0]?.id, 'it was there before');
  assert.equal((await account('sek')).bank_balance, 3800);
});

const today = () => new Date().toISOString().slice(0, 10);

async function told(statement: Partial<BankStatement> & Pick<BankStatement, 'id' | 'entries'>): Promise<void> {
  const whole = { account: 'NL91ABNA0417164300', currency: 'nok', opening: undefined, closing: undefined, ...statement };
  const content = bankStatement({ ...whole, opening: whole.opening ?? 0, closing: whole.closing ?? 0 }, new Date());
  await call('POST', 'bank-statements/-/import-bank-statement', { content });
}
const entry = (amount: number, reference: string, servicer: string) => ({ amount, reference, servicer, text: '', booked: today() });
const exceptions = async (status: string) => {
  const all = await rowsOf(`settlement-exceptions?currency=nok&status=${status}`);
  return new Map(all.map((each) => [String(each.type), each]));
};

test('what a bank of somebody else says is an exception where it belongs to nothing: worked by hand or by rule, its money always on the ledger', async () => {
  await call('POST', 'settlement-accounts/-/open-settlement-account', { currency: 'nok', account: 'NL91ABNA0417164300' });
  await paid(10_000, 'nok');
  const payouts = [];
  for (const amount of [900, 800, 700]) payouts.push(await stripe.payouts.create({ amount, currency: 'nok', method: 'instant' }));
  const [short, twice, whole] = payouts.map(({ id }) => id);
  await told({
    id: 'S1',
    entries: [
      entry(-890, String(short), 'B1'),
      entry(-800, String(twice), 'B2'),
      entry(-800, String(twice), 'B3'),
      entry(55, 'GIFT', 'B4'),
    ],
    closing: -2000,
  });
  const open = await exceptions('open');
  assert.deepEqual([...open.keys()].toSorted(), ['amount_differs', 'balance_differs', 'duplicate', 'unexpected_credit']);
  assert.deepEqual([open.get('amount_differs')?.difference, open.get('amount_differs')?.expected], [10, short]);
  assert.equal(open.get('balance_differs')?.difference, -2000 - (-890 - 800 - 800 + 55));
  assert.deepEqual([(await account('nok')).bank_balance, (await account('nok')).unexplained], [-2435, -1635]);
  const resolve = (type: string, body: object) =>
    call('POST', `settlement-exceptions/${open.get(type)?.id}/resolve-settlement-exception`, body);
  const done = await resolve('amount_differs', { resolution: 'match', note: 'the bank kept ten' });
  assert.deepEqual([done.status, (done.resolution as Row).by], ['resolved', 'hand']);
  const rules = { rules: [{ type: 'unexpected_credit', at_most: 100, resolution: 'write_off' }] };
  await call('POST', 'settlement-exceptions/-/put-settlement-rules', rules);
  assert.equal(((await exceptions('resolved')).get('unexpected_credit')?.resolution as Row).by, 'rule');
  assert.equal((await resolve('balance_differs', { resolution: 'dismiss' })).status, 'resolved');
  await told({ id: 'S2', entries: [entry(800, String(twice), 'B5'), entry(-700, `PAYOUT ${whole}`, 'B6')] });
  const left = await account('nok');
  assert.deepEqual(
    [left.unexplained, left.written_off],
    [0, -65],
    'the bank took its second booking back, and what was like its payout was it',
  );
  const late = (await exceptions('open')).get('balance_differs');
  assert.ok(late, 'a statement whose balance is wrong is looked at');
  const refused = await house.call(
    'POST',
    '/v1/payments/bank-statements/-/import-bank-statement',
    { content: '<Document/>' },
    { door: 'payments.rest', bearer },
  );
  assert.equal(refused.status, 400);
});

test('what does not come in its days is missing, and written off it is settled; the journal in two forms says all of it, and adds up', async () => {
  const now = Math.floor(Date.now() / 1000);
  const clock = (await stripe.testHelpers.testClocks.create({ frozen_time: now })).id;
  await call('POST', 'settlement-accounts/-/open-settlement-account', { currency: 'dkk', test_clock: clock });
  await paid(3000, 'dkk');
  await call('POST', 'card-networks/-/put-card-network', { seed: 'lost', lost: 100 });
  await advanced(clock, (Math.floor(now / day) + 8) * day);
  await call('POST', 'card-networks/-/put-card-network', {});
  const [gone] = await rowsOf('settlement-exceptions?currency=dkk&status=open');
  assert.deepEqual([gone?.type, gone?.amount, gone?.entry, gone?.ageing], ['missing', 3000, null, 'weeks']);
  const out = await call('POST', `settlement-exceptions/${gone?.id}/resolve-settlement-exception`, { resolution: 'write_off' });
  assert.equal(out.status, 'resolved');
  const dkk = await account('dkk');
  assert.deepEqual([dkk.expected_of_networks, dkk.written_off, dkk.bank_balance], [0, 3000, 0]);
  const { content, lines } = await call('GET', 'settlement-accounts/-/export-journal?format=csv&currency=nok');
  const rows = String(content)
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => row.split(','));
  assert.equal(rows.length, lines);
  const sums = new Map<string, number>();
  for (const [, , debit = '', credit = '', amount] of rows) {
    sums.set(debit, (sums.get(debit) ?? 0) + Math.round(Number(amount) * 100));
    sums.set(credit, (sums.get(credit) ?? 0) - Math.round(Number(amount) * 100));
  }
  const nok = await account('nok');
  assert.equal(sums.get('Assets:Bank:NOK'), nok.bank_balance);
  assert.equal(sums.get('Assets:Networks:NOK'), nok.expected_of_networks);
  assert.equal(sums.get('Expenses:WrittenOff:NOK'), nok.written_off);
  assert.equal(
    [...sums.values()].reduce((all, each) => all + each, 0),
    0,
  );
  const beancount = String((await call('GET', 'settlement-accounts/-/export-journal?format=beancount&currency=nok')).content);
  assert.match(beancount, /^\d{4}-\d\d-\d\d open Assets:Bank:NOK$/m);
  assert.match(
    beancount,
    new RegExp(`^\\d{4}-\\d\\d-\\d\\d balance Assets:Bank:NOK {2}${(Number(nok.bank_balance) / 100).toFixed(2)} NOK$`, 'm'),
  );
});

test('a statement that is cut off anywhere is refused, and one that is whole comes back as it was', () => {
  const whole = { id: 'S', account: 'DE89370400440532013000', currency: 'eur', opening: -5, closing: 7, entries: [entry(12, 'R', 'B')] };
  const text = bankStatement(whole, new Date(0));
  assert.deepEqual(readStatements(text), [whole]);
  for (let end = 0; end < text.length; end += 1) assert.throws(() => readStatements(text.slice(0, end)), { name: 'Iso20022Error' });
});
