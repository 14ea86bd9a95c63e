import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { keyFileName, readAuditKeys } from '#kernel/audit/public-key.ts';
import { verifyLogs } from '#kernel/audit/verify.ts';
import { parseNote, parseVerifier, verifyNote } from '#wire/tlog/note.ts';
import { type House, openHouse } from '../../../kernel/session/test/fixture/house.ts';
import { until } from '../fixture/until.ts';

const hourMs = 3_600_000;
const real = Date.now;
let step = 0;
let house: House;
before(async () => {
  // Every part takes its clock from here; PostgreSQL has one of its own, which stays right.
  Date.now = () => real() + step;
  house = await openHouse();
});
after(async () => {
  await house.stop();
  Date.now = real;
});

const say = async (bearer?: string) => {
  const options = { door: 'echo.http', ...(bearer === undefined ? {} : { bearer }) };
  return (await house.call('POST', '/v1/echo/channels/a/say', { text: 'x' }, options)).status;
};
const logOf = async () =>
  (await house.call('GET', '/v1/platform/audit/-/get-audit-log')).body as { size: number; checkpoint: string; verifiers: string[] };

/** When the checkpoint was cosigned by the log's own ML-DSA key, in seconds. */
async function signedAt(): Promise<number> {
  const { checkpoint, verifiers } = await logOf();
  const [note, verifier] = [parseNote(checkpoint), parseVerifier(verifiers[1] ?? '')];
  assert.ok(note && verifier);
  return verifyNote(note, verifier)?.at ?? 0;
}

test('the clock steps by an hour, ahead and back: calls go on, revocations bite, every record is there once, signatures do not go back', async () => {
  const early = await house.credential({ role: 'editor' });
  let [acknowledged, signed] = [0, 0];
  for (const at of [0, hourMs, 0, -hourMs, hourMs, 0]) {
    step = at;
    const { size } = await logOf();
    for (let number = 0; number < 5; number += 1) {
      assert.equal(await say(), 200, `${at} ms off`);
      assert.equal(await say(early.bearer), 200);
      acknowledged += 2;
    }
    const made = await house.credential({ role: 'editor' });
    assert.equal(await say(made.bearer), 200);
    assert.equal((await house.call('POST', `/v1/platform/credentials/${made.id}/revoke-credential`, {})).status, 200);
    assert.equal(await say(made.bearer), 401, 'revoked');
    acknowledged += 1;
    await until(async () => (await logOf()).size >= size + 11, 'the records in the log');
    const now = await signedAt();
    assert.ok(now >= signed, `${now} after ${signed}`);
    signed = now;
  }
  const { items = [] } = (await house.call('GET', `/v1/platform/audit?operation=Say&limit=1000&from=0&to=${real() + 3 * hourMs}`)).body;
  const counted = items.filter(({ outcome }) => outcome === 'ok').reduce((sum, { count }) => sum + Number(count), 0);
  assert.equal(counted, acknowledged);
  const directory = join(house.data, 'audit');
  const verified = () => verifyLogs(directory, readAuditKeys(readFileSync(join(directory, keyFileName), 'utf8'))).findings;
  await until(() => !verified().some(({ text }) => text.includes('not in the root log')), 'the root log');
  assert.deepEqual(verified(), []);
});
