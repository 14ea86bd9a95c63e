import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { type Client, CreateTransferStatus } from 'tigerbeetle-node';
import { account, transfer } from './fixtures/event.ts';
import { type House, openHouse } from './fixtures/house.ts';

type Name = 'ledger' | 'ledger-standby';
const otherOf = (name: Name): Name => (name === 'ledger' ? 'ledger-standby' : 'ledger');

let house: House;
before(async () => {
  house = await openHouse({ mode: 'processes', quiet: true, settings: { standby: ['ledger'] } });
});
after(() => house?.stop());

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 900; tries += 1) {
    if (holds()) return;
    await pause(50);
  }
  assert.fail(`never: ${what}`);
}

const pidOf = (name: Name) => house.platform.status().processes.find((each) => each.name === name)?.pid ?? 0;
/** How often a process has said something. */
const said = (name: Name, text: string) => readFileSync(join(house.data, 'log', `${name}.log`), 'utf8').split(text).length - 1;
const inSync = (name: Name) => said(name, 'the standby is in sync');
const promoted = (name: Name) => said(name, 'is the primary of the ledger');

/** Asks for one transfer after the other, from a few callers; `stop` answers the ids that were acknowledged and asked for. */
function load(client: Client, from: bigint) {
  let last = from;
  let isOver = false;
  const acknowledged: bigint[] = [];
  let longest = 0;
  const caller = async () => {
    while (!isOver) {
      const ids = Array.from({ length: 3 }, () => (last += 1n));
      const began = performance.now();
      const results = await client.createTransfers(ids.map((id) => transfer({ id, debit: 1n, credit: 2n, amount: 1n })));
      longest = Math.max(longest, performance.now() - began);
      for (const { status } of results) assert.ok(status === CreateTransferStatus.created || status === CreateTransferStatus.exists);
      acknowledged.push(...ids);
    }
  };
  const callers = Promise.all([caller(), caller(), caller(), caller()]);
  return {
    acknowledged,
    longest: () => longest,
    forget() {
      longest = 0;
    },
    async stop() {
      isOver = true;
      await callers;
      return { acknowledged, asked: last - from };
    },
  };
}

/** `LEDGER_BLOWS=12` strikes as often as a release does. */
const blows = Number(process.env.LEDGER_BLOWS ?? 2);

let primary: Name = 'ledger';

test('whoever of the two is killed or paused, the other goes on and nothing acknowledged is lost', async (t) => {
  const client = house.client(house.owner, [house.address, house.standby]);
  await until('in sync', () => inSync('ledger') > 0);
  await client.createAccounts([account({ id: 1n }), account({ id: 2n })]);
  const running = load(client, 1000n);
  for (let strike = 0; strike < blows; strike += 1) {
    const blow = strike % 3 === 1 ? 'SIGSTOP' : 'SIGKILL';
    const fallen: Name = primary;
    const next: Name = otherOf(fallen);
    const [before, syncs] = [promoted(next), inSync(next)];
    const pid = pidOf(fallen);
    const told = running.acknowledged.length;
    await until('some are acknowledged', () => running.acknowledged.length > told + 100);
    running.forget();
    process.kill(pid, blow);
    await until('the other is the primary', () => promoted(next) > before);
    const since = running.acknowledged.length;
    await until('it acknowledges', () => running.acknowledged.length > since);
    if (blow === 'SIGSTOP') await resumed(pid, fallen);
    await until('the fallen one stands by', () => inSync(next) > syncs);
    t.diagnostic(`${blow} of ${fallen}: the longest call took ${running.longest().toFixed(0)} ms`);
    primary = next;
  }
  const { acknowledged, asked } = await running.stop();
  for (const door of ['ledger.rest', 'ledger-standby.rest']) {
    const { status, body } = await house.call('GET', '/v1/ledger/accounts/1', undefined, { door, bearer: house.owner.bearer });
    assert.deepEqual([status, body.name], [200, '1'], `${door} answers, or the process that it passes the request on to`);
  }
  assert.ok(acknowledged.length > blows * 100);
  for (let from = 0; from < acknowledged.length; from += 8000) {
    const ids = acknowledged.slice(from, from + 8000);
    assert.equal((await client.lookupTransfers(ids)).length, ids.length);
  }
  const [debit, credit] = await client.lookupAccounts([1n, 2n]);
  assert.equal(debit?.debits_posted, credit?.credits_posted);
  assert.ok((debit?.debits_posted ?? 0n) >= BigInt(acknowledged.length) && (debit?.debits_posted ?? 0n) <= asked);
});

/** Files of a process' ledger that hold a text. */
function holding(name: Name, text: string): string[] {
  const files = readdirSync(house.data, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes(`/${name}/book/`));
  return files.filter((path) => {
    try {
      return readFileSync(join(house.data, path)).includes(text);
    } catch {
      // It went in between.
      return false;
    }
  });
}

test('an erasure takes who asked out of the files of both, and of one that was away when it is back', async () => {
  const standby = otherOf(primary);
  const { bearer } = await house.credential({ role: 'owner' });
  const erase = async (subject: string) => {
    const path = '/v1/ledger/data-subjects/-/erase-data-subject';
    const { status, body } = await house.call('POST', path, { subject }, { door: `${primary}.rest`, bearer });
    assert.equal(status, 200, JSON.stringify(body));
    return (body.kept as { kind: string }[]).map(({ kind }) => kind);
  };
  const work = async (principal: string, id: bigint) => {
    const client = house.client(await house.credential({ role: 'admin', principal }), [house.address, house.standby]);
    await client.createAccounts([account({ id })]);
    await until('both logs name who asked', () => holding(primary, principal).length > 0 && holding(standby, principal).length > 0);
  };
  const [maria, jonas] = ['01a0c7de-0000-4000-8000-00000000a001', '01a0c7de-0000-4000-8000-00000000a002'];
  await work(maria, 70n);
  assert.deepEqual(await erase(maria), []);
  assert.deepEqual([...holding(primary, maria), ...holding(standby, maria)], []);

  await until('in sync again', () => said(primary, 'the standby is in sync') > said(primary, 'is kept by one process alone'));
  await work(jonas, 71n);
  const alone = said(primary, 'is kept by one process alone');
  const pid = pidOf(standby);
  process.kill(pid, 'SIGSTOP');
  await until('the primary is alone', () => said(primary, 'is kept by one process alone') > alone);
  assert.deepEqual(await erase(jonas), ['Log']);
  assert.deepEqual(holding(primary, jonas), []);
  assert.ok(holding(standby, jonas).length > 0);
  process.kill(pid, 'SIGCONT');
  await until('the standby has begun anew', () => holding(standby, jonas).length === 0);
});

/** Resumes a paused primary: what is asked of it alone is acknowledged by nobody. */
async function resumed(pid: number, name: Name): Promise<void> {
  const old = house.client(house.owner, [name === 'ledger' ? house.address : house.standby]);
  let isAnswered = false;
  const asked = old.createTransfers([transfer({ id: 7n, debit: 1n, credit: 2n, amount: 1n })]).then(
    () => {
      isAnswered = true;
    },
    () => undefined,
  );
  process.kill(pid, 'SIGCONT');
  await until('it ends and starts anew', () => pidOf(name) !== pid && pidOf(name) !== 0);
  assert.ok(!isAnswered);
  old.destroy();
  await asked;
}
