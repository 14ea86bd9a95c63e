import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { openJournal } from '../journal.ts';
import { tail } from '../tail.ts';
import { key, seal, temporaryRoot } from './fixture.ts';

const rounds = 20;

/** Runs the appender until a random moment after its first record, kills it, and returns what it has acknowledged. */
async function killedAppender(dir: string, round: number): Promise<string[]> {
  const appender = new URL('appender.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [appender, dir, key.toString('hex'), `${round}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) {
    if (lines.length === 0) setTimeout(() => child.kill('SIGKILL'), Math.random() * 60);
    lines.push(line);
  }
  assert.deepEqual(await ended, [null, 'SIGKILL']);
  return lines;
}

test('a process killed at any moment, twenty times, has lost no record it acknowledged, and a reader beside it reads each once', async () => {
  await using root = await temporaryRoot();
  const end = new AbortController();
  const read: string[] = [];
  let expected = Number.POSITIVE_INFINITY;
  const reading = (async () => {
    for await (const { records } of tail({ dir: root.dir, process: 'echo', open: seal.open, signal: end.signal })) {
      for (const { sequence, bytes } of records) {
        assert.equal(sequence, read.length + 1);
        read.push(`${sequence} ${Buffer.from(bytes).toString()}`);
      }
      if (read.length >= expected) end.abort();
    }
  })();
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round++) acknowledged.push(...(await killedAppender(root.dir, round)));
  const journal = await openJournal({ dir: root.dir, process: 'echo', seal });
  expected = (await journal.append(1, Buffer.from('last'))).sequence;
  await reading;
  await journal.close();
  // Each line is one write to the pipe, so that none is cut.
  const known = new Set(read);
  assert.deepEqual(
    acknowledged.filter((line) => !known.has(line)),
    [],
  );
  assert.equal(known.size, expected);
  assert(acknowledged.length > rounds, `${acknowledged.length} records were acknowledged`);
});
