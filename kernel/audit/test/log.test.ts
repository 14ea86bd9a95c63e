import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCheckpoint, parseVerifier } from '#wire/tlog/note.ts';
import { parseTilePath } from '#wire/tlog/tile.ts';
import { type House, openHouse } from '../../session/test/fixture/house.ts';
import { decodeLeaf } from '../leaf.ts';
import { entryOf, type Proof, proofFault } from '../prove.ts';
import { keyFileName, readAuditKeys } from '../public-key.ts';
import { type Verified, verifyLogs } from '../verify.ts';

const said = 300;
let house: House;
let directory: string;
let log: string;
let size = 0;

type AuditLog = { log: string; size: number; checkpoint: string; verifiers: string[] };
const logOf = async (bearer?: string) =>
  (await house.call('GET', '/v1/platform/audit/-/get-audit-log', undefined, bearer === undefined ? {} : { bearer }))
    .body as unknown as AuditLog;
const keys = () => readAuditKeys(readFileSync(join(directory, keyFileName), 'utf8'));

/** A platform that runs shows a checkpoint a moment before the root log has it. */
async function settled(at = directory): Promise<Verified> {
  for (let tries = 0; ; tries += 1) {
    const verified = verifyLogs(at, keys());
    if (tries === 100 || !verified.findings.some(({ text }) => text.includes('not in the root log'))) return verified;
    await sleep(50);
  }
}

before(async () => {
  house = await openHouse();
  directory = join(house.data, 'audit');
  const work = Array.from({ length: said }, (_, number) => number);
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let number = work.pop(); number !== undefined; number = work.pop())
        assert.equal((await house.call('POST', '/v1/echo/channels/a/say', { text: `${number}` }, { door: 'echo.http' })).status, 200);
    }),
  );
  for (let tries = 0; tries < 400 && size < said; tries += 1) {
    ({ log, size } = await logOf());
    await sleep(50);
  }
  assert.ok(size >= said, `only ${size} entries`);
});
after(() => house.stop());

test('the logs of a platform verify by their files and the public key alone', async () => {
  const verified = await settled();
  assert.deepEqual(verified.findings, []);
  assert.ok(verified.records >= said);
  assert.ok(verified.checkpoints > 0);
  assert.ok(verified.logs.some((found) => found.log === log));
});

test('an entry says where it belongs in the clear, and nothing of the record', async () => {
  const leaf = decodeLeaf(entryOf(join(directory, log), 10, size));
  assert.equal(leaf?.header.log, log);
  assert.equal(leaf?.header.sequence, 11);
  for (const { path } of filesOf(directory)) {
    const bytes = readFileSync(path, 'latin1');
    for (const word of ['CreateCredential', 'Channel', 'credential_uid']) assert.ok(!bytes.includes(word), `${path} has ${word}`);
  }
});

test('a record is proven in the log, and a proof that was touched does not hold', async () => {
  const proof = (await house.call('GET', `/v1/platform/audit/${log}/prove-audit?sequence=123&from=77`)).body as unknown as Proof;
  assert.equal(proofFault(proof, keys()), undefined);
  assert.equal(proof.inclusion?.index, 122);
  const entry = Buffer.from(proof.inclusion?.entry ?? '', 'base64');
  entry[3] = (entry[3] ?? 0) ^ 1;
  const inclusion = { ...(proof.inclusion as NonNullable<Proof['inclusion']>), entry: entry.toString('base64') };
  assert.match(proofFault({ ...proof, inclusion }, keys()) ?? '', /entry 122/);
  const consistency = { ...(proof.consistency as NonNullable<Proof['consistency']>), from: 78 };
  assert.match(proofFault({ ...proof, consistency }, keys()) ?? '', /beginning/);
  assert.match(proofFault({ ...proof, size: 1 }, keys()) ?? '', /not that of this log/);
  assert.equal((await house.call('GET', `/v1/platform/audit/${log}/prove-audit?sequence=999999`)).status, 404);
});

test("the door serves checkpoint and tiles to the log's own auditors, and to nobody else", async () => {
  /** Whole, because a body that nobody reads keeps its connection, and with it the door. */
  const fetched = async (of: string, path: string, bearer: string | null) => {
    const headers = bearer === null ? undefined : { authorization: `Bearer ${bearer}` };
    const reply = await fetch(`${house.url}/audit/${of}/${path}`, headers === undefined ? {} : { headers });
    return { status: reply.status, bytes: Buffer.from(await reply.arrayBuffer()) };
  };
  const get = (path: string, bearer: string | null = house.admin) => fetched(log, path, bearer);
  const checkpoint = await get('checkpoint');
  assert.equal(checkpoint.status, 200);
  assert.equal(parseVerifier((await logOf()).verifiers[0] ?? '')?.name, checkpoint.bytes.toString().split('\n')[0]);
  assert.equal((await get('tile/0/000')).bytes.length, 8192);
  assert.equal((await get('tile/entries/000')).status, 200);
  assert.equal((await get('tile/0/999')).status, 404);
  assert.equal((await get('tile/0/1')).status, 404);
  assert.equal((await get('checkpoint', null)).status, 401);
  const editor = await house.credential({ role: 'editor' });
  assert.equal((await get('checkpoint', editor.bearer)).status, 403);
  const other = (await house.call('POST', '/v1/platform/organizations', { name: 'other' })).body as { uid: string };
  const stranger = await house.credential({ role: 'auditor' }, other.uid);
  assert.equal((await get('checkpoint', stranger.bearer)).status, 404);
  const rootOf = (path: string) => fetched('root', path, stranger.bearer);
  assert.equal((await rootOf('checkpoint')).status, 200);
  assert.equal((await rootOf('tile/entries/000')).status, 404);
});

test('the records are exported as OCSF events, in order', async () => {
  const { items = [] } = (await house.call('GET', '/v1/platform/audit/-/export-audit?after=0&limit=50')).body;
  assert.deepEqual(
    items.map(({ sequence }) => sequence),
    items.map((_, index) => index + 1),
  );
  const event = items[20]?.event as Record<string, unknown>;
  assert.equal(event.class_uid, 6003);
  assert.equal(event.type_uid, 600_300 + Number(event.activity_id));
});

type File = { readonly path: string; readonly name: string };
function filesOf(folder: string): File[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, name: relative(folder, path) }));
}

/** A copy of the logs, as they were verified last. */
async function copied(): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const copy = mkdtempSync(join(tmpdir(), 'gamut-audit-'));
    cpSync(directory, copy, { recursive: true });
    if (verifyLogs(copy, keys()).faults === 0) return copy;
    rmSync(copy, { recursive: true });
    await sleep(50);
  }
  throw new Error('the logs never stood still');
}

test('a flipped byte anywhere is found, and placed in its file', async () => {
  const copy = await copied();
  for (const { path, name } of filesOf(copy)) {
    if (name === keyFileName || !isUsed(copy, name)) continue;
    const whole = readFileSync(path);
    for (const at of new Set([0, Math.floor(whole.length / 3), whole.length - 2])) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x04;
      writeFileSync(path, bytes);
      const { faults, findings } = verifyLogs(copy, keys());
      assert.ok(faults > 0, `byte ${at} of ${name} was flipped unseen`);
      const places = findings.map((finding) => `${finding.log}/${finding.file}`);
      assert.ok(places.includes(name), `byte ${at} of ${name}: ${JSON.stringify(findings.slice(0, 3))}`);
      const found = findings.find((finding) => `${finding.log}/${finding.file}` === name);
      if (found?.byte !== undefined) assert.ok(found.byte <= at, `byte ${at} of ${name} is placed at ${found.byte}`);
    }
    writeFileSync(path, whole);
  }
  assert.equal(verifyLogs(copy, keys()).faults, 0);
  rmSync(copy, { recursive: true });
});

/** Whether a file belongs to the log's checkpoint: partial tiles before it were replaced, those beyond it mean nothing yet. */
function isUsed(folder: string, name: string): boolean {
  const [of = '', ...rest] = name.split('/');
  const tile = parseTilePath(rest.join('/'));
  if (!tile || tile.kind === 'checkpoint') return tile !== undefined;
  const { size = 0 } = parseCheckpoint(readFileSync(join(folder, of, 'checkpoint'), 'utf8')) ?? {};
  const count = tile.kind === 'entries' ? size : Math.floor(size / 256 ** tile.level);
  const end = tile.index * 256 + tile.width;
  return tile.width === 256 ? end <= count : end === count;
}

test('a log that is cut, goes back, or is gone is found by the root log', async () => {
  const copy = await copied();
  const folder = join(copy, log);
  rmSync(folder, { recursive: true });
  assert.match(
    verifyLogs(copy, keys())
      .findings.map(({ text }) => text)
      .join(),
    /it is gone/,
  );
  rmSync(copy, { recursive: true });
  const short = await copied();
  for (const { path, name } of filesOf(join(short, log))) if (/^tile\/entries\//.test(name)) truncateSync(path, statSync(path).size - 1);
  assert.match(
    verifyLogs(short, keys())
      .findings.map(({ text }) => text)
      .join(),
    /does not hold/,
  );
  rmSync(short, { recursive: true });
});

test("another platform's key verifies nothing", () => {
  const stranger = { ...keys(), ed25519: Buffer.alloc(32, 1) };
  assert.match(
    verifyLogs(directory, stranger)
      .findings.map(({ text }) => text)
      .join(),
    /Ed25519 signature/,
  );
});
