import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { operations } from '#wire/tigerbeetle/operation.ts';
import { readAccount, readTransfer, writeAccount, writeTransfer } from '#wire/tigerbeetle/record.ts';
import { writeU128 } from '#wire/tigerbeetle/header.ts';
import { Book } from '../store/book.ts';
import { directoryDisk } from '../store/disk.ts';
import { accountRecord, transferRecord, who } from './fixtures/record.ts';
import { bodyOf } from './property/walk.ts';

const folder = mkdtempSync(join(tmpdir(), 'gamut-ledger-crash-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const writer = fileURLToPath(new URL('fixtures/writer.main.ts', import.meta.url));
/** `LEDGER_KILLS=200` kills as often as a release does. */
const kills = Number(process.env.LEDGER_KILLS ?? 6);

/** Most ids and lists lie in files. */
const memoryRows = 3000;
const open = (directory: string) =>
  Book.open({
    disk: directoryDisk(directory),
    now: () => BigInt(Date.now()) * 1_000_000n,
    mayWrite: () => true,
    onFailure: assert.fail,
    memoryRows,
  });
const operation = (code: number) => operations.get(code) as NonNullable<ReturnType<typeof operations.get>>;

async function lookUp(book: Book, code: 131 | 132, ids: readonly bigint[]): Promise<Buffer> {
  const found: Buffer[] = [];
  for (let from = 0; from < ids.length; from += 8000) {
    const body = Buffer.alloc(Math.min(8000, ids.length - from) * 16);
    ids.slice(from, from + 8000).forEach((id, index) => writeU128(body, id, index * 16));
    found.push(await book.look(who, operation(code), body));
  }
  return Buffer.concat(found);
}

/** Lets a writer run until it has acknowledged `enough` ids, then kills it; answers all that it acknowledged. */
async function writeAndKill(directory: string, start: bigint, enough: number): Promise<bigint[]> {
  const child = spawn(process.execPath, [writer, directory, `${start}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  for await (const chunk of child.stdout) {
    told += String(chunk);
    if (told.length > enough * 5) child.kill('SIGKILL');
  }
  return told
    .slice(0, told.lastIndexOf('\n'))
    .split('\n')
    .filter((line) => line !== '')
    .map(BigInt);
}

test(`after ${kills} kills under load every acknowledged transfer is there, once`, async () => {
  const directory = join(folder, 'kill');
  const acknowledged: bigint[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const ids = await writeAndKill(directory, BigInt(kill) * 1_000_000n, 200 + (kill % 6) * 150);
    assert.ok(ids.length > 0);
    acknowledged.push(...ids);
    const book = await open(directory);
    assert.equal((await lookUp(book, 132, acknowledged)).length, acknowledged.length * 128);
    const [debit, credit] = [0, 128];
    const accounts = await lookUp(book, 131, [1n, 2n]);
    const moved = BigInt(book.ledgers.get(who.scope)?.state.transfers.count ?? 0);
    assert.equal(readAccount(accounts, debit).debitsPosted, moved);
    assert.equal(readAccount(accounts, credit).creditsPosted, moved);
    assert.ok(moved >= BigInt(acknowledged.length));
    await book.log.close();
  }
});

async function filled(directory: string, transfers: number): Promise<void> {
  const book = await open(directory);
  await book.change(who, operation(146), bodyOf(146, [writeAccount(accountRecord(1n)), writeAccount(accountRecord(2n))]));
  for (let from = 0; from < transfers; from += 4000) {
    const ids = Array.from({ length: Math.min(4000, transfers - from) }, (_, index) => BigInt(from + index + 10));
    await book.change(
      who,
      operation(147),
      bodyOf(
        147,
        ids.map((id) => writeTransfer(transferRecord(id, { flags: id % 3n === 0n ? 2 : 0, timeout: id % 3n === 0n ? 1000 : 0 }))),
      ),
    );
  }
  await book.log.flushed();
  book.log.mark();
  await book.log.close();
}

test('a start from a snapshot has the same state as a start from the log, byte for byte', async () => {
  const directory = join(folder, 'snapshot');
  await filled(directory, 20_000);
  const replayed = await open(directory);
  await replayed.close();
  assert.ok(readdirSync(directory).some((name) => name.startsWith('rows-')));
  const restored = await open(directory);
  const [one, other] = [replayed, restored].map((book) => book.ledgers.get(who.scope)?.state);
  assert.ok(one && other);
  for (const table of ['accounts', 'transfers', 'events', 'burnt'] as const) {
    assert.equal(other[table].count, one[table].count);
    for (let chunk = 0; chunk < one[table].chunks; chunk += 1) assert.deepEqual(other[table].words(chunk), one[table].words(chunk));
  }
  assert.deepEqual(other.status.bytes(20_000), one.status.bytes(20_000));
  assert.equal(other.expiry.count, one.expiry.count);
  const ids = [10n, 4_010n, 12_345n, 20_009n];
  assert.deepEqual(await lookUp(restored, 132, ids), await lookUp(replayed, 132, ids));
  await restored.close();
});

test('a turned bit in what was acknowledged is refused with its place, an unfinished end is cut', async () => {
  const directory = join(folder, 'damage');
  await filled(directory, 300);
  const [name = ''] = readdirSync(directory).filter((each) => each.startsWith('log-'));
  const whole = readFileSync(join(directory, name));
  for (const at of [5, 100, 500, 5_000, whole.length - 1_000]) {
    const copy = join(folder, `damage-${at}`);
    cpSync(directory, copy, { recursive: true });
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 4;
    writeFileSync(join(copy, name), bytes);
    await assert.rejects(open(copy), { code: 'LogDamaged', message: /log-[0-9a-f]+ at byte \d+: entry \d+ is damaged/ });
  }
  const torn = join(folder, 'torn');
  cpSync(directory, torn, { recursive: true });
  truncateSync(join(torn, name), whole.length - 192 - 100);
  const book = await open(torn);
  assert.equal((await lookUp(book, 132, [10n])).length, 0);
  assert.equal((await lookUp(book, 131, [1n])).length, 128);
  await book.close();
});

test('a damaged snapshot is passed over for the one before; damaged rows are refused', async () => {
  const directory = join(folder, 'older');
  await filled(directory, 10_000);
  const first = await open(directory);
  await first.close();
  const second = await open(directory);
  await second.change(who, operation(147), bodyOf(147, [writeTransfer(transferRecord(99_999n))]));
  await second.close();
  const newest = join(directory, 'snapshot-0');
  const bytes = readFileSync(newest);
  bytes[bytes.length - 50]! ^= 1;
  writeFileSync(newest, bytes);
  const book = await open(directory);
  assert.equal(readTransfer(await lookUp(book, 132, [99_999n])).id, 99_999n);
  await book.log.close();
  const rows = readdirSync(directory).find((name) => name.endsWith('-t')) ?? '';
  const damaged = readFileSync(join(directory, rows));
  damaged[777]! ^= 1;
  writeFileSync(join(directory, rows), damaged);
  await assert.rejects(open(directory), { code: 'LogDamaged', message: /rows-[0-9a-f]+-t at byte 0/ });
  damaged[777]! ^= 1;
  writeFileSync(join(directory, rows), damaged);
  const ids = readdirSync(directory).find((name) => /^run-.*-ids-/.test(name)) ?? '';
  const other = readFileSync(join(directory, ids));
  other[777]! ^= 1;
  writeFileSync(join(directory, ids), other);
  await assert.rejects(open(directory), { code: 'LogDamaged', message: /run-[0-9a-f]+-ids-\d+: the entries/ });
});
