import type { Account, Client, Transfer } from 'tigerbeetle-node';
import { killAndAwait } from './kill.ts';
import type { Stage } from './stage.ts';

const [purse, shop, bank] = [1n, 2n, 3n];
const filled = 1000n;
const price = 7n;
const attempts = 200;

/** Money through the unmodified tigerbeetle-node: many ask at once for more than a purse holds, and the ledger is killed meanwhile. */
export async function ledgerScene(stage: Stage): Promise<void> {
  const { owner } = stage.cast;
  if (!owner) throw new Error('The tour has no credentials.');
  const { createClient, AccountFlags, CreateTransferStatus, id } = await import('tigerbeetle-node');
  const { host } = new URL(stage.doors['ledger.tigerbeetle']?.url ?? '');
  const open = (): Client => createClient({ cluster_id: BigInt(owner.ledger.cluster), replica_addresses: [host] });
  const clients = [open(), open()];
  const [first] = clients as [Client, Client];
  stage.scene(`The ledger at ${host}, by the unmodified tigerbeetle-node`);
  try {
    let began = performance.now();
    await first.createAccounts([account(purse, AccountFlags.debits_must_not_exceed_credits), account(shop, 0), account(bank, 0)]);
    await first.createTransfers([transfer(id(), bank, purse, filled)]);
    stage.done(`three accounts; a purse that holds ${filled} and may not be overdrawn`, began);

    began = performance.now();
    stage.say('  (the client warns of connections while the ledger is away)');
    const asked = Array.from({ length: attempts }, (_, at) =>
      (clients[at % clients.length] as Client).createTransfers([transfer(id(), purse, shop, price)]),
    );
    await Promise.race(asked);
    await killAndAwait(stage.data, 'ledger');
    const paid = (await Promise.all(asked)).filter(([answer]) => answer?.status === CreateTransferStatus.created).length;
    stage.assert(BigInt(paid) === filled / price, `${paid} payments of ${price} were made out of ${filled}`);
    stage.done(`${attempts} payments of ${price} are asked at once, and the ledger is killed meanwhile: ${paid} are made`, began);

    began = performance.now();
    const [left, taken] = (await first.lookupAccounts([purse, shop])) as [Account, Account];
    const spent = BigInt(paid) * price;
    stage.assert(left.debits_posted === spent && taken.credits_posted === spent, 'debits and credits differ');
    stage.done(`the totals are exact: ${spent} left the purse and reached the shop, ${filled - spent} are left`, began);
  } finally {
    for (const client of clients) client.destroy();
  }
}

const nothing = { user_data_128: 0n, user_data_64: 0n, user_data_32: 0, ledger: 1, code: 1, timestamp: 0n };

const account = (id: bigint, flags: number): Account => ({
  id,
  flags,
  debits_pending: 0n,
  debits_posted: 0n,
  credits_pending: 0n,
  credits_posted: 0n,
  reserved: 0,
  ...nothing,
});

const transfer = (id: bigint, debit_account_id: bigint, credit_account_id: bigint, amount: bigint): Transfer => ({
  id,
  debit_account_id,
  credit_account_id,
  amount,
  pending_id: 0n,
  timeout: 0,
  flags: 0,
  ...nothing,
});
