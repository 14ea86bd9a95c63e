import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AccountFlags, CreateAccountStatus, CreateTransferStatus } from 'tigerbeetle-node';
import { type House, openHouse } from './fixtures/house.ts';
import { account, transfer } from './fixtures/event.ts';

let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house?.stop());

test('an unmodified client makes accounts and transfers and reads them back', async () => {
  const client = house.client();
  const made = await client.createAccounts([account({ id: 1n }), account({ id: 2n, flags: AccountFlags.history })]);
  assert.deepEqual(
    made.map(({ status }) => status),
    [CreateAccountStatus.created, CreateAccountStatus.created],
  );
  const [moved] = await client.createTransfers([transfer({ id: 10n, debit: 1n, credit: 2n, amount: 100n })]);
  assert.equal(moved?.status, CreateTransferStatus.created);
  const [debit, credit] = await client.lookupAccounts([1n, 2n]);
  assert.equal(debit?.debits_posted, 100n);
  assert.equal(credit?.credits_posted, 100n);
  const [back] = await client.lookupTransfers([10n, 11n]);
  assert.equal(back?.amount, 100n);
  assert.equal(back?.timestamp, moved?.timestamp);
});

test('each environment is a ledger of its own', async () => {
  const elsewhere = await house.credential({}, await house.tenant('other'));
  const [mine, theirs] = [house.client(), house.client(elsewhere)];
  await mine.createAccounts([account({ id: 50n }), account({ id: 51n })]);
  assert.deepEqual(await theirs.lookupAccounts([50n, 51n]), []);
  const [made] = await theirs.createAccounts([account({ id: 50n, code: 7 })]);
  assert.equal(made?.status, CreateAccountStatus.created);
  assert.equal((await mine.lookupAccounts([50n]))[0]?.code, 1);
});

const refused = /^ERR_CLIENT_(EVICTED|CLOSED)$/;

test('an unknown cluster id is evicted', async () => {
  assert.equal(await house.doomed('12345'), 'ERR_CLIENT_EVICTED');
});

test('a revoked credential is evicted while it is connected, and when it comes again', async () => {
  const faces = await house.credential();
  let revoked = false;
  const how = await house.doomed(faces.ledger.cluster, 'lookup', () => {
    if (revoked) return;
    revoked = true;
    void house.call('POST', `/v1/platform/credentials/${faces.id}/revoke-credential`, {});
  });
  assert.ok(revoked);
  assert.match(how, refused);
  assert.equal(await house.doomed(faces.ledger.cluster), 'ERR_CLIENT_EVICTED');
});

test('a reader may look and not make', async () => {
  const reader = await house.credential({ role: 'reader' });
  assert.deepEqual(await house.client(reader).lookupAccounts([404n]), []);
  assert.equal(await house.doomed(reader.ledger.cluster, 'create'), 'ERR_CLIENT_EVICTED');
});

test('the same operations answer in REST', async () => {
  const at = { door: 'ledger.rest', bearer: house.owner.bearer };
  const made = await house.call(
    'POST',
    '/v1/ledger/accounts/-/create-accounts',
    {
      accounts: [
        { id: '70', ledger: 1, code: 1 },
        { id: '71', ledger: 1, code: 1 },
      ],
    },
    at,
  );
  assert.deepEqual(
    (made.body.results as { status: string }[]).map(({ status }) => status),
    ['created', 'created'],
  );
  const moved = await house.call(
    'POST',
    '/v1/ledger/transfers/-/create-transfers',
    {
      transfers: [
        { id: '700', debitAccountId: '70', creditAccountId: '71', amount: '340282366920938463463374607431768211455', ledger: 1, code: 1 },
      ],
    },
    at,
  );
  assert.equal((moved.body.results as { status: string }[])[0]?.status, 'created');
  const one = await house.call('GET', '/v1/ledger/accounts/70', undefined, at);
  assert.equal((one.body.status as unknown as { debitsPosted: string }).debitsPosted, '340282366920938463463374607431768211455');
  const rows = await house.call('GET', '/v1/ledger/accounts/71/get-account-transfers', undefined, at);
  assert.equal(rows.body.items?.[0]?.id, '700');
  const [balance] = await house.client().lookupAccounts([71n]);
  assert.equal(balance?.credits_posted, 2n ** 128n - 1n);
  assert.equal((await house.call('GET', '/v1/ledger/accounts/x', undefined, at)).status, 404);
  const refusal = await house.call(
    'POST',
    '/v1/ledger/accounts/-/create-accounts',
    { accounts: [{ id: '9'.repeat(39), ledger: 1, code: 1 }] },
    at,
  );
  assert.equal(refusal.status, 400);
});
