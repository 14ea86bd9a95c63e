import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createDecipheriv } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { keyFileName, readAuditKeys } from '../../audit/public-key.ts';
import { verifyLogs } from '../../audit/verify.ts';
import { type House, openHouse } from '../../session/test/fixture/house.ts';
import { keyName } from '../key-name.ts';
import { openRing } from '../ring.ts';
import { openWith, sealWith } from '../sealed.ts';
import { type KeyStanding, sealerOf } from '../sealer.ts';

const rotator = fileURLToPath(new URL('./fixture/rotate.main.ts', import.meta.url));
const tenant = 77n;
const id = '0000000000abc';
const folder = mkdtempSync(join(tmpdir(), 'gamut-keys-'));
let house: House;
before(async () => {
  house = await openHouse();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await house.stop();
});

/** A sealer over a ring of its own, as a service has one over the keeper's. */
function place(name: string) {
  const ring = openRing(join(folder, name));
  const standings = new Map<string, KeyStanding>();
  let now = 0;
  let leases = 0;
  const keeper = {
    lease: async (of: bigint, purpose: string, version?: number, key?: string) => {
      leases += 1;
      return ring.lease(of, version, purpose, key);
    },
  };
  const sealer = sealerOf(
    keeper as never,
    'storage',
    () => now,
    (_tenant, key) => standings.get(key),
  );
  return { ring, sealer, standings, leases: () => leases, pass: (ms: number) => (now += ms) };
}

const refused = { code: 'KeyRefused', status: 409 };
const unreadable = { code: 'KeyUnavailable' };

test('AES-256-GCM seals as the GCM specification has it', () => {
  // The test vector with a 256-bit key and associated data of the GCM specification (test case 16) opens with what we use.
  const key = Buffer.from('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308', 'hex');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from('cafebabefacedbaddecaf888', 'hex'));
  decipher.setAAD(Buffer.from('feedfacedeadbeeffeedfacedeadbeefabaddad2', 'hex'));
  decipher.setAuthTag(Buffer.from('76fc6ece0f4e1768cddf8853bb2d551b', 'hex'));
  const sealed = '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662';
  const plain = 'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39';
  assert.equal(Buffer.concat([decipher.update(Buffer.from(sealed, 'hex')), decipher.final()]).toString('hex'), plain);
  // A sealed value of ours is u32 version, nonce, ciphertext, tag.
  const ours = sealWith(key, 3, Buffer.from(plain, 'hex'), 'place');
  const again = createDecipheriv('aes-256-gcm', key, ours.subarray(4, 16));
  again.setAAD(Buffer.from('place'));
  again.setAuthTag(ours.subarray(-16));
  assert.equal(Buffer.concat([again.update(ours.subarray(16, -16)), again.final()]).toString('hex'), plain);
});

test('what was sealed under a named key opens after a rotation, under no other key, and in no other place', async () => {
  const { ring, sealer } = place('rotate');
  ring.named.create(tenant, id);
  const key = sealer.under(keyName('us-east-1', tenant, id));
  const sealed = await key.seal(tenant, Buffer.from('secret'), 'a');
  ring.named.rotate(tenant, id);
  const later = await sealer.under(id).seal(tenant, Buffer.from('later'), 'a');
  assert.equal((await key.open(tenant, sealed, 'a')).toString(), 'secret');
  assert.equal((await key.open(tenant, later, 'a')).toString(), 'later');
  await assert.rejects(key.open(tenant, sealed, 'b'), unreadable);
  await assert.rejects(sealer.open(tenant, sealed, 'a'), unreadable);
  await assert.rejects(async () => sealer.under(keyName('us-east-1', 78n, id)).open(tenant, sealed, 'a'), refused);
});

test('a disabled key bites at once where the snapshot says so, and when the lease is over where it does not', async () => {
  const { ring, sealer, standings, pass, leases } = place('disable');
  ring.named.create(tenant, id);
  const key = sealer.under(id);
  const sealed = await key.seal(tenant, Buffer.from('x'), 'a');
  ring.named.setState(tenant, id, 'disabled');
  assert.equal((await key.open(tenant, sealed, 'a')).toString(), 'x');
  assert.equal(leases(), 1);
  standings.set(id, { state: 'disabled', strict: false });
  await assert.rejects(key.open(tenant, sealed, 'a'), refused);
  standings.clear();
  await assert.rejects(key.open(tenant, sealed, 'a'), refused);
  ring.named.setState(tenant, id, 'enabled');
  standings.set(id, { state: 'enabled', strict: true });
  await key.open(tenant, sealed, 'a');
  ring.named.setState(tenant, id, 'disabled');
  pass(59_000);
  await key.open(tenant, sealed, 'a');
  pass(2_000);
  await assert.rejects(key.open(tenant, sealed, 'a'), refused);
});

test('a destroyed key leaves no byte of its file, and is not made again; with the ring all its keys end', async () => {
  const { ring } = place('destroy');
  ring.named.create(tenant, id, Buffer.alloc(32, 7));
  assert.throws(() => ring.named.rotate(tenant, id), { code: 'Conflict' });
  ring.named.destroy(tenant, id);
  ring.named.create(tenant, id);
  assert.throws(() => ring.lease(tenant, undefined, 'storage', id), refused);
  const other = '0000000000abd';
  ring.named.create(tenant, other);
  ring.destroy(tenant);
  assert.throws(() => ring.lease(tenant, undefined, 'storage', other), refused);
  assert.throws(() => ring.lease(tenant, undefined, 'storage'), refused);
  assert.throws(() => ring.named.create(tenant, '../../root'), { code: 'BadInput' });
  assert.throws(() => ring.named.create(tenant, '0000000000abe', Buffer.alloc(31)), { code: 'BadInput' });
});

test('keeper is killed at every step of a rotation: what was sealed before opens, and new things are sealed', {
  timeout: 120_000,
}, async () => {
  const directory = join(folder, 'killed');
  const made = openRing(directory);
  made.named.create(tenant, id);
  const plain = Buffer.from('from before');
  const sealedUnder = (ring: ReturnType<typeof openRing>, key?: string) => {
    const leased = ring.lease(tenant, undefined, 'storage', key);
    return { key, version: leased.version, sealed: sealWith(leased.key, leased.version, plain, 'place') };
  };
  const before = [sealedUnder(made), sealedUnder(made, id)];
  let kills = 0;
  for (; ; kills += 1) {
    const child = spawn(process.execPath, [rotator, directory, `${tenant}`, id, `${kills}`], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    const ring = openRing(directory);
    before.push(sealedUnder(ring), sealedUnder(ring, id));
    for (const { key, version, sealed } of before)
      assert.ok(openWith(ring.lease(tenant, version, 'storage', key).key, sealed, 'place').equals(plain), `after step ${kills}`);
    if (signal === null) {
      assert.equal(code, 0);
      break;
    }
  }
  assert.ok(kills >= 14, `only ${kills} steps were met`);
});

type Made = { name: string; spec: { state: string; arn: string; versions: number } };
const verb = async (name: string, operation: string, input: unknown = {}, environment?: string) =>
  house.call('POST', `/v1/platform/keys/${name}/${operation}`, input, environment === undefined ? {} : { environment });

test('keys are made, imported, rotated, disabled, enabled and destroyed over REST, and their states are kept apart', async () => {
  const made = (await house.call('POST', '/v1/platform/keys', { name: 'photos' })).body as unknown as Made;
  assert.match(made.spec.arn, /^arn:gamut:keys:us-east-1:[0-9a-z]{13}:key\/[0-9a-z]{13}$/);
  assert.equal((await house.call('POST', '/v1/platform/keys', { name: 'photos' })).status, 409);
  assert.equal(((await verb('photos', 'rotate-key')).body as unknown as Made).spec.versions, 2);
  assert.equal(((await verb('photos', 'disable-key')).body as unknown as Made).spec.state, 'disabled');
  assert.equal((await verb('photos', 'rotate-key')).status, 409);
  assert.equal(((await verb('photos', 'enable-key')).body as unknown as Made).spec.state, 'enabled');
  const material = Buffer.alloc(32, 5).toString('base64');
  const imported = await house.call('POST', '/v1/platform/keys/-/import-key', { name: 'own', material });
  assert.ok([200, 201].includes(imported.status), JSON.stringify(imported.body));
  assert.equal((await verb('own', 'rotate-key')).status, 409);
  assert.equal(((await verb('own', 'schedule-key-destruction')).body as unknown as Made).spec.state, 'pending');
  assert.equal(((await verb('own', 'cancel-key-destruction')).body as unknown as Made).spec.state, 'disabled');
  assert.equal(((await verb('own', 'schedule-key-destruction', { afterMs: 0 })).body as unknown as Made).spec.state, 'destroyed');
  assert.equal((await verb('own', 'enable-key')).status, 409);
  const { items = [] } = (await house.call('GET', '/v1/platform/keys')).body;
  assert.deepEqual(
    items.map((item) => item.name),
    ['default', 'own', 'photos'],
  );
  const editor = await house.credential({ role: 'editor' });
  assert.equal((await house.call('GET', '/v1/platform/keys', undefined, { bearer: editor.bearer })).status, 403);
  const other = (await house.call('POST', '/v1/platform/organizations', { name: 'keyless' })).body as { uid: string };
  assert.equal((await verb('photos', 'disable-key', {}, other.uid)).status, 404);
});

test('what is named by its id is decided on its name as well', async () => {
  const guarded = (await house.call('POST', '/v1/platform/keys', { name: 'guarded' })).body as unknown as Made;
  const keyId = guarded.spec.arn.split('/').at(-1) ?? '';
  const text = 'forbid (principal, action == platform::Action::"DisableKey", resource) when { resource has name && resource.name like "guard*" };';
  const policy = await house.call('POST', '/v1/platform/policies', { name: 'guard', text });
  assert.equal(policy.status, 201, JSON.stringify(policy.body));
  for (const named of ['guarded', keyId]) assert.equal((await verb(named, 'disable-key')).status, 403, named);
  assert.equal(((await verb(keyId, 'rotate-key')).body as unknown as Made).spec.versions, 2);
  await house.call('DELETE', '/v1/platform/policies/guard');
  assert.equal(((await verb(keyId, 'disable-key')).body as unknown as Made).spec.state, 'disabled');
  assert.equal((await house.call('GET', `/v1/platform/keys/${keyId}/use-key`)).body.code, 'KeyRefused');
});

test("with an organization's ring its audit records become unreadable, and its wrapped keys are nowhere on the disk", async () => {
  const gone = (await house.call('POST', '/v1/platform/organizations', { name: 'gone' })).body as { uid: string };
  const audit = async () =>
    (await house.call('GET', '/v1/platform/audit', undefined, { environment: gone.uid })).body.items as
      | { name: string; unreadable?: true }[]
      | undefined;
  await house.call('POST', '/v1/platform/keys', { name: 'marked' }, { environment: gone.uid });
  for (let tries = 0; tries < 200 && !(await audit())?.some(({ name }) => name === 'marked'); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const before = filesBelow(join(house.data, 'keeper', 'ring')).map((path) => readFileSync(path, 'utf8'));
  await verb('default', 'schedule-key-destruction', { afterMs: 0 }, gone.uid);
  const left = filesBelow(join(house.data, 'keeper', 'ring')).map((path) => readFileSync(path, 'utf8'));
  const destroyed = before.filter((text) => !left.includes(text));
  assert.equal(destroyed.length, 1);
  const wrapped = (JSON.parse(destroyed[0] ?? '{}') as { versions: { sealed: string }[] }).versions.map(({ sealed }) => sealed);
  for (const path of filesBelow(house.data)) {
    const bytes = readFileSync(path, 'latin1');
    for (const text of wrapped) assert.ok(!bytes.includes(text), `${path} still has a wrapped key`);
  }
  const rows = (await audit()) ?? [];
  assert.ok(!rows.some(({ name }) => name === 'marked'));
  assert.ok(rows.some(({ unreadable }) => unreadable === true));
});

test('a subject that is erased is gone from every record, and every proof still holds', async () => {
  const person = await house.credential({ role: 'reader', principal: 'maria' });
  assert.equal((await house.call('POST', '/v1/platform/projects', { name: 'x' }, { bearer: person.bearer })).status, 403);
  type Shown = { principal: string; sequence: number; erased?: true };
  const audit = async () => (await house.call('GET', '/v1/platform/audit?limit=1000')).body.items as unknown as Shown[];
  const hers = async () => (await audit()).filter(({ principal }) => principal === 'maria');
  await eventually(async () => (await hers()).length > 0);
  const [{ sequence }] = (await hers()) as [Shown];
  assert.equal((await house.call('POST', '/v1/platform/audit/-/erase-audit-subject', { principal: 'maria' })).status, 200);
  await house.call('POST', '/v1/platform/projects', { name: 'x' }, { bearer: person.bearer });
  assert.deepEqual(await hers(), []);
  const shown = (await audit()).find((record) => record.sequence === sequence);
  assert.equal(shown?.erased, true);
  const { items = [] } = (await house.call('GET', `/v1/platform/audit/-/export-audit?after=${sequence - 1}&limit=1`)).body;
  assert.ok(!JSON.stringify(items).includes('maria'));
  const directory = join(house.data, 'audit');
  const keys = readAuditKeys(readFileSync(join(directory, keyFileName), 'utf8'));
  await eventually(async () => Number((await house.call('GET', '/v1/platform/audit/-/get-audit-log')).body.size) >= sequence);
  await eventually(async () => verifyLogs(directory, keys).faults === 0);
});

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it never came');
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
