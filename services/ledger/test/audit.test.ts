import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '#cli/test/fixtures/command.ts';
import { readEntry } from '../store/entry.ts';
import { account, transfer } from './fixtures/event.ts';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house?.stop());

/** The digest of every entry of the log, by its number. */
function digests(): Map<string, string> {
  const directory = join(house.data, 'service', 'ledger', 'book');
  const found = new Map<string, string>();
  for (const name of readdirSync(directory).filter((each) => each.startsWith('log-'))) {
    const bytes = readFileSync(join(directory, name));
    for (let at = 0, read = readEntry(bytes, 0); read; read = readEntry(bytes, (at += read.bytes)))
      found.set(`op-${read.entry.op}`, read.digest.toString('hex'));
  }
  return found;
}

type Exported = { event: { api: { request: { uid: string } }; unmapped: { detail?: { events?: number; log?: string } } } };

test("the platform's audit log holds the digest of each entry of the ledger's log, and by it of all before", async () => {
  const client = house.client();
  await client.createAccounts([account({ id: 1n }), account({ id: 2n })]);
  for (let id = 10n; id < 14n; id += 1n) await client.createTransfers([transfer({ id, debit: 1n, credit: 2n, amount: 1n })]);
  let records: Exported['event'][] = [];
  await until('all changes are in the audit log', async () => {
    const { body } = await house.call('GET', '/v1/platform/audit/-/export-audit?after=0&limit=500');
    const events = (body.items as unknown as Exported[]).map(({ event }) => event);
    records = events.filter(({ unmapped }) => unmapped.detail?.events !== undefined);
    return records.length === 5;
  });
  const log = digests();
  for (const { api, unmapped } of records) assert.equal(unmapped.detail?.log, log.get(api.request.uid));
  assert.equal(new Set(records.map(({ unmapped }) => unmapped.detail?.log)).size, 5);
});
