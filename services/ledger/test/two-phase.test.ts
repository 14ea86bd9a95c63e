import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AccountFilterFlags, AccountFlags, amount_max, CreateTransferStatus, QueryFilterFlags, TransferFlags } from 'tigerbeetle-node';
import { account, transfer } from './fixtures/event.ts';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house?.stop());

const none = { user_data_128: 0n, user_data_64: 0n, user_data_32: 0, code: 0, timestamp_min: 0n, timestamp_max: 0n };

test('pending transfers are posted in part and voided', async () => {
  const client = house.client();
  await client.createAccounts([account({ id: 1n, flags: AccountFlags.history }), account({ id: 2n })]);
  const results = await client.createTransfers([
    transfer({ id: 10n, debit: 1n, credit: 2n, amount: 50n, flags: TransferFlags.pending }),
    transfer({ id: 11n, debit: 1n, credit: 2n, amount: 20n, flags: TransferFlags.pending }),
    transfer({ id: 12n, pending_id: 10n, amount: 30n, flags: TransferFlags.post_pending_transfer, ledger: 0, code: 0 }),
    transfer({ id: 13n, pending_id: 11n, amount: 0n, flags: TransferFlags.void_pending_transfer, ledger: 0, code: 0 }),
    transfer({ id: 14n, pending_id: 10n, amount: amount_max, flags: TransferFlags.post_pending_transfer, ledger: 0, code: 0 }),
  ]);
  const { created, pending_transfer_already_posted } = CreateTransferStatus;
  assert.deepEqual(
    results.map(({ status }) => status),
    [created, created, created, created, pending_transfer_already_posted],
  );
  const [debit] = await client.lookupAccounts([1n]);
  assert.deepEqual([debit?.debits_pending, debit?.debits_posted], [0n, 30n]);
  const filter = { ...none, account_id: 1n, limit: 10, flags: AccountFilterFlags.debits };
  assert.deepEqual(
    (await client.getAccountTransfers(filter)).map(({ id }) => id),
    [10n, 11n, 12n, 13n],
  );
  const balances = await client.getAccountBalances({ ...filter, flags: AccountFilterFlags.debits | AccountFilterFlags.reversed });
  assert.deepEqual(
    balances.map((row) => row.debits_pending),
    [0n, 20n, 70n, 50n],
  );
});

test('linked transfers succeed or fail together', async () => {
  const client = house.client();
  await client.createAccounts([account({ id: 21n, flags: AccountFlags.debits_must_not_exceed_credits }), account({ id: 22n })]);
  const results = await client.createTransfers([
    transfer({ id: 30n, debit: 22n, credit: 21n, amount: 5n, flags: TransferFlags.linked }),
    transfer({ id: 31n, debit: 21n, credit: 22n, amount: 6n }),
    transfer({ id: 32n, debit: 22n, credit: 21n, amount: 5n, flags: TransferFlags.linked }),
    transfer({ id: 33n, debit: 21n, credit: 22n, amount: 5n }),
  ]);
  const { created, exceeds_credits, linked_event_failed } = CreateTransferStatus;
  assert.deepEqual(
    results.map(({ status }) => status),
    [linked_event_failed, exceeds_credits, created, created],
  );
});

test('a pending transfer expires when its time is over', async () => {
  const client = house.client();
  await client.createAccounts([account({ id: 41n }), account({ id: 42n })]);
  await client.createTransfers([transfer({ id: 50n, debit: 41n, credit: 42n, amount: 9n, timeout: 1, flags: TransferFlags.pending })]);
  assert.equal((await client.lookupAccounts([41n]))[0]?.debits_pending, 9n);
  for (;;) if ((await client.lookupAccounts([41n]))[0]?.debits_pending === 0n) break;
  const [late] = await client.createTransfers([
    transfer({ id: 51n, pending_id: 50n, amount: amount_max, flags: TransferFlags.post_pending_transfer, ledger: 0, code: 0 }),
  ]);
  assert.equal(late?.status, CreateTransferStatus.pending_transfer_expired);
});

test('balancing and closing transfers', async () => {
  const client = house.client();
  await client.createAccounts([account({ id: 61n }), account({ id: 62n })]);
  await client.createTransfers([transfer({ id: 70n, debit: 62n, credit: 61n, amount: 100n })]);
  await client.createTransfers([transfer({ id: 71n, debit: 61n, credit: 62n, amount: amount_max, flags: TransferFlags.balancing_debit })]);
  assert.equal((await client.lookupTransfers([71n]))[0]?.amount, 100n);
  const closing = transfer({ id: 72n, debit: 61n, credit: 62n, flags: TransferFlags.pending | TransferFlags.closing_debit });
  assert.equal((await client.createTransfers([closing]))[0]?.status, CreateTransferStatus.created);
  const [refused] = await client.createTransfers([transfer({ id: 73n, debit: 61n, credit: 62n, amount: 1n })]);
  assert.equal(refused?.status, CreateTransferStatus.debit_account_already_closed);
  const reopened = transfer({ id: 74n, pending_id: 72n, flags: TransferFlags.void_pending_transfer, ledger: 0, code: 0 });
  assert.equal((await client.createTransfers([reopened]))[0]?.status, CreateTransferStatus.created);
  assert.equal((await client.lookupAccounts([61n]))[0]?.flags, 0);
});

test('queries find by user data and code, in both directions, within a limit', async () => {
  const client = house.client();
  await client.createAccounts([account({ id: 81n, user_data_64: 5n }), account({ id: 82n, user_data_64: 5n, code: 9 })]);
  await client.createTransfers(
    [1n, 2n, 3n].map((id) => transfer({ id: 90n + id, debit: 81n, credit: 82n, amount: id, user_data_128: 77n })),
  );
  const found = await client.queryTransfers({ ...none, user_data_128: 77n, ledger: 1, limit: 2, flags: QueryFilterFlags.reversed });
  assert.deepEqual(
    found.map(({ id }) => id),
    [93n, 92n],
  );
  const accounts = await client.queryAccounts({ ...none, user_data_64: 5n, code: 9, ledger: 0, limit: 10, flags: 0 });
  assert.deepEqual(
    accounts.map(({ id }) => id),
    [82n],
  );
});

test('a full batch of 8,189 transfers has as many results', async () => {
  const client = house.client();
  await client.createAccounts([account({ id: 101n }), account({ id: 102n })]);
  const batch = Array.from({ length: 8189 }, (_, index) =>
    transfer({ id: 10_000n + BigInt(index), debit: 101n, credit: 102n, amount: 1n }),
  );
  const results = await client.createTransfers(batch);
  assert.equal(results.length, 8189);
  assert.ok(results.every(({ status }) => status === CreateTransferStatus.created));
  assert.equal((await client.lookupAccounts([102n]))[0]?.credits_posted, 8189n);
  assert.deepEqual(await client.createTransfers([]), []);
});
