import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { killAndAwait } from '#cli/tour/kill.ts';
import { type House, openHouse } from '#services/ledger/test/fixtures/house.ts';
import { parseAddress } from '../address.ts';
import { LedgerRefused, LedgerUnavailable } from '../error.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { hold, move, moveTogether, post, release, transferId } from '../step.ts';

const house: { open: House | undefined } = { open: undefined };
/** `LEDGER_URL` names another ledger, such as a TigerBeetle of one replica: `tigerbeetle://0@127.0.0.1:3000`. */
let url = process.env.LEDGER_URL ?? '';
let ledger: Ledger;
const run = BigInt(Date.now()) * 1000n;
const [purse, shop, fee, bank] = [run + 1n, run + 2n, run + 3n, run + 4n];
const to = { ledger: 1, code: 1 };
const intent = (name: string) => `${name}-${run}`;

before(async () => {
  if (url === '') {
    house.open = await openHouse({ mode: 'processes' });
    url = `tigerbeetle://${house.open.owner.ledger.cluster}@${house.open.address}`;
  }
  ledger = openLedger(url);
  const made = await ledger.createAccounts([
    { id: purse, ledger: 1, code: 1, flags: 2 | 8 },
    { id: shop, ledger: 1, code: 1 },
    { id: fee, ledger: 1, code: 1 },
    { id: bank, ledger: 1, code: 1 },
  ]);
  assert.deepEqual(
    made.map(({ status }) => status),
    ['created', 'created', 'created', 'created'],
  );
  await move(ledger, { intent: intent('fill'), step: 'move' }, { ...to, debit: bank, credit: purse, amount: 100n });
});
after(async () => {
  ledger?.close();
  await house.open?.stop();
});

const free = async () => {
  const [row] = await ledger.lookupAccounts([purse]);
  assert.ok(row);
  return row.creditsPosted - row.debitsPosted - row.debitsPending;
};

test('a hold takes from what is free, a post moves a part of it, and asking again does nothing twice', async () => {
  const held = { intent: intent('pay'), step: 'authorize' };
  const capture = { intent: intent('pay'), step: 'capture' };
  for (let times = 0; times < 2; times += 1)
    assert.ok((await hold(ledger, held, { ...to, debit: purse, credit: shop, amount: 50n, timeoutSeconds: 60 })).done);
  assert.equal(await free(), 50n);
  for (let times = 0; times < 2; times += 1) assert.ok((await post(ledger, capture, held, 30n)).done);
  assert.equal(await free(), 70n);
  const late = await release(ledger, { intent: intent('pay'), step: 'void' }, held);
  assert.deepEqual(late, { done: false, status: 'pendingTransferAlreadyPosted', at: 0 });
  const [row] = await ledger.lookupTransfers([transferId(capture)]);
  assert.equal(row?.amount, 30n);
});

test('a hold that is released is free again; more than is free is refused, and needs another attempt', async () => {
  const held = { intent: intent('book'), step: 'authorize' };
  const before = await free();
  assert.ok((await hold(ledger, held, { ...to, debit: purse, credit: shop, amount: 20n })).done);
  assert.ok((await release(ledger, { intent: intent('book'), step: 'void' }, held)).done);
  assert.equal(await free(), before);
  const step = { intent: intent('much'), step: 'move' };
  const much = { ...to, debit: purse, credit: shop, amount: before + 1n };
  assert.deepEqual(await move(ledger, step, much), { done: false, status: 'exceedsCredits', at: 0 });
  assert.deepEqual(await move(ledger, step, { ...much, amount: 1n }), { done: false, status: 'idAlreadyFailed', at: 0 });
  assert.ok((await move(ledger, { ...step, attempt: 1 }, { ...much, amount: 1n })).done);
});

test('moves that belong together are all made or none, also when they are asked for again', async () => {
  const parts = (name: string, amount: bigint) =>
    [
      [
        { intent: intent(name), step: 'fee' },
        { ...to, debit: shop, credit: fee, amount: 1n },
      ],
      [
        { intent: intent(name), step: 'pay' },
        { ...to, debit: purse, credit: shop, amount },
      ],
    ] as const;
  const before = await free();
  assert.ok((await moveTogether(ledger, parts('split', 5n))).done);
  assert.ok((await moveTogether(ledger, parts('split', 5n))).done);
  assert.deepEqual(await moveTogether(ledger, parts('dear', 1000n)), { done: false, status: 'exceedsCredits', at: 1 });
  assert.equal(await free(), before - 5n);
  const [earned] = await ledger.lookupAccounts([fee]);
  assert.equal(earned?.creditsPosted, 1n);
});

test('many calls at once each get their own answer, and queries find what they made', async () => {
  const steps = Array.from({ length: 300 }, (_, index) => ({ intent: intent('many'), step: `${index}` }));
  const done = await Promise.all(
    steps.map((step, index) => move(ledger, step, { ...to, debit: bank, credit: shop, amount: BigInt(index), userData64: run })),
  );
  assert.ok(done.every((each) => each.done));
  const found = await ledger.queryTransfers({ userData64: run, limit: 500 });
  assert.deepEqual(
    found.map(({ id }) => id),
    steps.map(transferId),
  );
  const [first] = await ledger.accountTransfers({ accountId: purse, limit: 1 });
  assert.equal(first?.id, transferId({ intent: intent('fill'), step: 'move' }));
  const balances = await ledger.accountBalances({ accountId: purse });
  assert.equal(balances[0]?.creditsPosted, 100n);
  assert.deepEqual(
    (await ledger.queryAccounts({ timestampMin: first?.timestamp ?? 0n })).filter(({ id }) => id === purse),
    [],
  );
});

test('what is asked for while the ledger is killed is done once', async (t) => {
  const { open } = house;
  if (!open) return t.skip('the ledger is not ours to kill');
  const asked = Array.from({ length: 40 }, (_, index) =>
    move(ledger, { intent: intent('kill'), step: `${index}` }, { ...to, debit: bank, credit: fee, amount: 1n }),
  );
  await Promise.race(asked);
  await killAndAwait(open.data, 'ledger');
  assert.ok((await Promise.all(asked)).every(({ done }) => done));
  const [row] = await ledger.lookupAccounts([fee]);
  assert.equal(row?.creditsPosted, 41n);
});

test('a cluster id that is unknown is refused, a caller may give up, and a closed client says so', async () => {
  const stranger = openLedger(url.replace(/\/\/[0-9]+@/, '//12345@'));
  await assert.rejects(stranger.lookupAccounts([1n]), LedgerRefused);
  stranger.close();
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  const sockets: Socket[] = [];
  silent.on('connection', (socket: Socket) => sockets.push(socket));
  await new Promise((resolve) => silent.once('listening', resolve));
  const waiting = openLedger(`tigerbeetle://1@127.0.0.1:${(silent.address() as { port: number }).port}`);
  const given = waiting.lookupAccounts([1n], { signal: AbortSignal.timeout(50) });
  await assert.rejects(given, (error) => error instanceof LedgerUnavailable && error.reason === 'late' && error.sent);
  const left = waiting.lookupAccounts([2n]);
  waiting.close();
  await assert.rejects(left, { reason: 'closed' });
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test('an address that is none is refused without repeating it', () => {
  assert.deepEqual(parseAddress('tigerbeetle://7@127.0.0.1:3001,[::1]:3002,ledger').replicas, [
    { host: '127.0.0.1', port: 3001 },
    { host: '::1', port: 3002 },
    { host: 'ledger', port: 3001 },
  ]);
  for (const wrong of [
    'tigerbeetle://h:1',
    'http://1@h',
    `tigerbeetle://${2n ** 128n}@h`,
    'tigerbeetle://1@h:70000',
    'tigerbeetle://1@a,,b',
  ])
    assert.throws(
      () => parseAddress(wrong),
      (error: Error) => error instanceof LedgerRefused && !error.message.includes(wrong),
    );
});
