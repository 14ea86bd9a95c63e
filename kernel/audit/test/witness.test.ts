import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { leafHash, nodeHash } from '#wire/tlog/hash.ts';
import {
  checkpointText,
  formatNote,
  keyIdOf,
  type NoteVerifier,
  parseNote,
  parseVerifier,
  rawPublicKey,
  signatureKind,
  verifierText,
  verifyNote,
} from '#wire/tlog/note.ts';
import { encodeSubmission } from '#wire/tlog/submission.ts';
import { consistencyProof, type NodeOf, rootOver } from '#wire/tlog/tree.ts';
import { type House, openHouse } from '../../session/test/fixture/house.ts';
import { readPolicyFile } from '../policy-file.ts';
import { keyFileName, readAuditKeys, witnessFileName } from '../public-key.ts';
import { type Verified, verifyLogs } from '../verify.ts';

/** A log of somebody else's: its key, and a tree of entries that are told apart by a word. */
const origin = 'example.com/log';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const logKey: NoteVerifier = { name: origin, kind: signatureKind.ed25519, key: rawPublicKey(publicKey) };
const treeOf =
  (word: string): NodeOf =>
  (level, index) =>
    level === 0
      ? leafHash(Buffer.from(`${word} ${index}`))
      : nodeHash(treeOf(word)(level - 1, index * 2), treeOf(word)(level - 1, index * 2 + 1));
const tree = treeOf('entry');

function checkpointOf(size: number, node = tree, key = privateKey, name = origin): string {
  const text = checkpointText({ origin: name, size, root: rootOver(0, size, node) });
  return formatNote({ text, signatures: [{ name, keyId: keyIdOf({ ...logKey, name }), signature: sign(null, Buffer.from(text), key) }] });
}

let house: House;
let folder: string;
let policyFile: string;
let cosigners: NoteVerifier[];
const directory = () => join(house.data, 'audit');
const linesOf = (name: string) => readFileSync(join(directory(), name), 'utf8').trim().split('\n');
const write = (...lines: string[]) => writeFileSync(policyFile, `${lines.join('\n')}\n`);

async function show(body: string, method = 'POST') {
  const reply = await fetch(`${house.url}/witness/add-checkpoint`, { method, ...(method === 'POST' ? { body } : {}) });
  return { status: reply.status, type: reply.headers.get('content-type'), text: await reply.text() };
}
const step = (old: number, size: number) =>
  show(encodeSubmission({ old, proof: consistencyProof(old, size, tree), checkpoint: checkpointOf(size) }));

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gamut-witness-'));
  policyFile = join(folder, 'policy');
  write('quorum none');
  house = await openHouse({ settings: { witness: policyFile } });
  cosigners = linesOf(witnessFileName).flatMap((line) => parseVerifier(line) ?? []);
});
after(async () => {
  await house.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a log of the policy is cosigned by both keys, step by step, and a log that is not in it is unknown', async () => {
  const first = encodeSubmission({ old: 0, proof: [], checkpoint: checkpointOf(5) });
  assert.equal((await show(first)).status, 404);
  write(`log ${verifierText(logKey)}`, 'quorum none');
  for (const [old, size] of [
    [0, 5],
    [5, 5],
    [5, 12],
  ] as const) {
    const { status, text } = await step(old, size);
    assert.equal(status, 200, text);
    const note = parseNote(checkpointOf(size) + text);
    assert.equal(cosigners.length, 2);
    for (const cosigner of cosigners) assert.ok(verifyNote(note as never, cosigner)?.at, `${size} is cosigned`);
  }
});

test('a witness refuses what C2SP tlog-witness has refused, each with its status', async () => {
  const wrong = await step(5, 20);
  assert.deepEqual(wrong, { status: 409, type: 'text/x.tlog.size', text: '12\n' });
  const other = treeOf('another');
  const fork = await show(encodeSubmission({ old: 12, proof: [], checkpoint: checkpointOf(12, other) }));
  assert.equal(fork.status, 409);
  assert.notEqual(fork.type, 'text/x.tlog.size');
  assert.equal(
    (await show(encodeSubmission({ old: 12, proof: consistencyProof(12, 20, other), checkpoint: checkpointOf(20, other) }))).status,
    422,
  );
  assert.equal((await show(encodeSubmission({ old: 13, proof: [], checkpoint: checkpointOf(12) }))).status, 400);
  const stranger = generateKeyPairSync('ed25519').privateKey;
  assert.equal((await show(encodeSubmission({ old: 12, proof: [], checkpoint: checkpointOf(12, tree, stranger) }))).status, 403);
  assert.equal(
    (await show(encodeSubmission({ old: 0, proof: [], checkpoint: checkpointOf(3, tree, privateKey, 'example.com/b') }))).status,
    404,
  );
  const good = encodeSubmission({ old: 12, proof: consistencyProof(12, 20, tree), checkpoint: checkpointOf(20) });
  for (const body of ['', 'old 12', good.replace('old', 'OLD'), good.replace('old 12', 'old 012'), good.replace('\n\n', '\n'), `${good}x`])
    assert.equal((await show(body)).status, 400, JSON.stringify(body.slice(0, 60)));
  assert.equal(
    (await show(encodeSubmission({ old: 12, proof: Array(64).fill(leafHash(Buffer.alloc(1))), checkpoint: checkpointOf(20) }))).status,
    400,
  );
  assert.equal((await show('x'.repeat(70_000))).status, 413);
  assert.equal((await show('', 'GET')).status, 405);
  assert.equal((await step(12, 20)).status, 200, 'nothing of this moved it');
});

test('of many steps from one size at a time one is taken', async () => {
  const sizes = [21, 22, 23, 24, 25, 26];
  const answers = await Promise.all(sizes.map((size) => step(20, size)));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409, 409, 409, 409]);
});

const keys = () => readAuditKeys(readFileSync(join(directory(), keyFileName), 'utf8'));
async function witnessed(): Promise<Verified> {
  for (let tries = 0; ; tries += 1) {
    const verified = verifyLogs(directory(), keys(), readPolicyFile(policyFile));
    if (tries === 400 || verified.faults === 0) return verified;
    await sleep(50);
  }
}
const act = async () =>
  assert.equal((await house.call('POST', '/v1/echo/channels/a/say', { text: 'x' }, { door: 'echo.http' })).status, 200);

test('the root log gets the cosignatures that its policy asks for, and goes on while a witness is away', async () => {
  await act();
  // The platform is a witness of its own log here: the protocol is the same.
  const [root = ''] = linesOf(keyFileName);
  const [plain = '', quantum = ''] = linesOf(witnessFileName);
  const gone = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => gone.once('listening', resolve));
  const nobody = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
  await new Promise((resolve) => gone.close(resolve));
  const away = generateKeyPairSync('ed25519').publicKey;
  const awayKey = verifierText({ name: 'away', kind: signatureKind.ed25519Cosignature, key: rawPublicKey(away) });
  write(
    `log ${root}`,
    `witness a ${plain} ${house.url}/witness`,
    `witness b ${quantum} ${house.url}/witness/`,
    `witness c ${awayKey} ${nobody}`,
    'group two 2 a b c',
    'quorum two',
  );
  await act();
  assert.deepEqual((await witnessed()).findings, []);
  write(`witness c ${awayKey} ${nobody}`, 'quorum c');
  const { findings } = verifyLogs(directory(), keys(), readPolicyFile(policyFile));
  assert.match(findings.map(({ text }) => text).join(), /not cosigned as c of the policy/);
});

test('a policy that is none is told with its line', () => {
  for (const [text, reason] of [
    ['', /no quorum/],
    ['quorum a', /Line 1.*named before/],
    ['quorum none\nquorum none', /Line 2.*one quorum/],
    ['log nonsense\nquorum none', /Line 1.*no key of a log/],
    [`witness a ${verifierText(logKey)}\nquorum a`, /no key of a witness/],
    ['group g any x\nquorum g', /x is not named before/],
    ['follow me', /begins no line/],
  ] as const) {
    writeFileSync(policyFile, text);
    assert.throws(() => readPolicyFile(policyFile), reason, text);
  }
});
