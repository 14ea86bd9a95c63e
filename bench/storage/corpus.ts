import { execFileSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';

/** The data that the project's figures are measured on, beside the repository. */
const sharedData = process.env.GAMUT_BENCH_DATA ?? '/work/shared/data';

/** Numbers below a bound, the same ones every time. */
function chance(seed: string): (below: number) => number {
  let pool = Buffer.alloc(0);
  let round = 0;
  return (below) => {
    if (pool.length < 4) pool = createHash('sha512').update(`${seed} ${round++}`).digest();
    const number = pool.readUInt32LE() % below;
    pool = pool.subarray(4);
    return number;
  };
}

/** Objects of 4 to 256 KiB, small ones as often as large ones. */
function* cut(bytes: Buffer, pick: (below: number) => number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const size = Math.min(Math.floor(4096 * 2 ** (pick(6000) / 1000)), bytes.length - at);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

function* filesBelow(directory: string): Generator<string> {
  if (existsSync(directory))
    for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted())
      if (statSync(join(directory, name)).isFile()) yield join(directory, name);
}

/** The lines that a process of the platform writes while it serves, with ids and times as they come. */
function logLines(size: number, pick: (below: number) => number): Buffer {
  const operations = ['PutObject', 'GetObject', 'HeadObject', 'ListObjects', 'DeleteObject', 'Produce', 'Query', 'Authorize'];
  const services = ['storage', 'log', 'analytics', 'ledger', 'control'];
  const lines: string[] = [];
  for (let have = 0, time = Date.UTC(2026, 0, 1); have < size; time += pick(20)) {
    const line = `${JSON.stringify({
      time: new Date(time).toISOString(),
      level: pick(20) > 0 ? 'info' : 'warn',
      service: services[pick(services.length)],
      message: 'a request was served',
      operation: operations[pick(operations.length)],
      requestId: createHash('md5')
        .update(String(pick(2 ** 31)))
        .digest('hex'),
      status: pick(12) > 0 ? 200 : 404,
      bytes: pick(100_000),
      durationMs: pick(4000) / 100,
    })}\n`;
    lines.push(line);
    have += line.length;
  }
  return Buffer.from(lines.join(''));
}

/** This repository, the data beside it, and so many bytes of logs, as objects. */
export function* textObjects(logBytes: number): Generator<Buffer> {
  const pick = chance('text');
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: installation, encoding: 'utf8', maxBuffer: 1 << 28 }).split('\0');
  const files = [...tracked.filter(Boolean).map((name) => join(installation, name)), ...filesBelow(sharedData)];
  yield* cut(Buffer.concat(files.filter((name) => existsSync(name)).map((name) => readFileSync(name))), pick);
  yield* cut(logLines(logBytes, pick), pick);
}

/** Objects of nothing but chance. */
export function* noiseObjects(size: number): Generator<Buffer> {
  yield* cut(randomFillSync(Buffer.alloc(size)), chance('noise'));
}
