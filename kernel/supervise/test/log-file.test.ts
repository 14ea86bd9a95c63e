import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { lineSplitter, openLog } from '../log-file.ts';
import { condense } from '../log-room.ts';
import { logFileBytes, logFileMax, logLineBytes } from '../limits.ts';

function folder(t: { after(run: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'gamut-log-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('a line is found whole, however the chunks are cut', () => {
  const text = Buffer.from('first\n\nsecönd\nthird');
  for (let cut = 0; cut <= text.length; cut += 1) {
    const lines: string[] = [];
    const split = lineSplitter((line) => lines.push(line.toString()));
    split(text.subarray(0, cut));
    split(text.subarray(cut));
    assert.deepEqual(lines, ['first', 'secönd']);
    split(Buffer.from('\n'));
    assert.deepEqual(lines, ['first', 'secönd', 'third']);
  }
});

test('of a line that is too long only the beginning is kept, and the next one is whole', () => {
  const lines: string[] = [];
  const split = lineSplitter((line) => lines.push(line.toString()));
  for (let part = 0; part < 10; part += 1) split(Buffer.alloc(logLineBytes, 97));
  split(Buffer.from('\nnext\n'));
  assert.deepEqual([lines.length, lines[0]?.length, lines[1]], [2, logLineBytes, 'next']);
});

test('a log that has grown is followed by a new one, and only so many are kept', async (t) => {
  const path = folder(t);
  const log = openLog(path, 'a', () => undefined);
  const line = Buffer.from(`${'x'.repeat(logLineBytes - 1)}\n`);
  const batch = Math.ceil(logFileBytes / line.length / 16);
  for (let round = 0; round < 16 * (logFileMax + 2); round += 1) {
    for (let at = 0; at < batch; at += 1) log.write(line);
    await sleep(2);
  }
  await log.close();
  const files = readdirSync(path).sort();
  const older = files.filter((file) => file !== 'a.log');
  assert.deepEqual(
    older,
    Array.from({ length: logFileMax - 1 }, (_, at) => `a.log.${at + 1}`),
  );
  for (const file of files) assert.ok(readFileSync(join(path, file)).length <= 2 * logFileBytes);
});

test('the terminal sees warnings and errors, and nothing else', () => {
  assert.equal(condense('a', '{"level":"warn","message":"slow"}'), 'a warn slow');
  assert.equal(condense('a', '{"level":"error","message":"failed","error":"why"}'), 'a error failed: why');
  assert.equal(condense('a', '{"level":"info","message":"fine"}'), undefined);
  assert.equal(condense('a', 'plain text'), undefined);
  assert.equal(condense('a', '{"level":"warn","mess'), undefined);
  assert.match(condense('postgres', '2026-01-01 [7] PANIC:  could not write') ?? '', /^postgres .*PANIC/);
});
