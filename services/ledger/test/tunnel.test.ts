import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import { start } from '#cli/test/fixtures/command.ts';
import { openLedger } from '#seams/ledger/ledger.ts';
import { openTunnel } from '#seams/ledger/tunnel.ts';
import { type House, openHouse } from './fixtures/house.ts';

let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house?.stop());

const door = () => new URL(house.platform.doors['ledger.tunnel']?.url.replace('tigerbeetles:', 'https:') ?? '');
const authority = () => readFileSync(house.platform.facts.ca ?? '', 'utf8');

/** A tunnel in this process, with a certificate of the credential. */
async function tunnelOf(credential: string) {
  const issued = await house.call('POST', `/v1/platform/credentials/${credential}/issue-certificate`, {});
  const certificate = { cert: String(issued.body.certificatePem), key: String(issued.body.keyPem) };
  const at = { host: '127.0.0.1', port: Number(door().port), ca: authority(), localPort: 0 };
  return openTunnel({ ...at, certificate, onProblem: () => undefined });
}

const ask = (port: number, cluster: string, signal?: AbortSignal) => {
  const ledger = openLedger(`tigerbeetle://${cluster}@127.0.0.1:${port}`);
  return ledger.lookupAccounts([1n], signal ? { signal } : {}).finally(() => ledger.close());
};

test('gamut connect ledger leads a local port to the ledger, and ends when it is interrupted', async () => {
  const words = ['connect', 'ledger', '--credential', house.owner.id, '--data', house.data, '-o', 'json'];
  const child = start(words);
  child.stderr?.pipe(process.stderr);
  const [told] = (await once(child.stdout!, 'data')) as [Buffer];
  const { address } = JSON.parse(String(told)) as { address: string };
  assert.deepEqual(await ask(Number(address.split(':')[1]), house.owner.ledger.cluster), []);
  child.kill('SIGTERM');
  assert.equal((await once(child, 'exit'))[0], 0);
});

test('the door of other machines takes neither plain text nor a client without certificate', async () => {
  const plain = connectPlain(Number(door().port), '127.0.0.1', () => plain.write(Buffer.alloc(256, 7)));
  await once(plain, 'close');
  const nameless = connect({ host: '127.0.0.1', port: Number(door().port), ca: authority() }, () => nameless.write(Buffer.alloc(256)));
  nameless.on('error', () => undefined);
  await once(nameless, 'close');
});

test("a certificate opens its own organization's ledgers only, and no more once it is revoked", async () => {
  const theirs = await house.credential({}, await house.tenant('elsewhere'));
  const faces = await house.credential();
  const tunnel = await tunnelOf(faces.id);
  await assert.rejects(ask(tunnel.port, theirs.ledger.cluster), { name: 'LedgerRefused' });
  assert.deepEqual(await ask(tunnel.port, house.owner.ledger.cluster), []);
  const { status } = await house.call('POST', `/v1/platform/credentials/${faces.id}/revoke-credential`, {});
  assert.equal(status, 200);
  await assert.rejects(ask(tunnel.port, house.owner.ledger.cluster, AbortSignal.timeout(1000)), { name: 'LedgerUnavailable' });
  await tunnel.close();
});
