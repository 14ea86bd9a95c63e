import { randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { listProcesses } from '#kernel/journal/directory.ts';
import { associatedData, encodeFrameHead, encodeGroup } from '#kernel/journal/frame.ts';
import { openJournal, type Journal } from '#kernel/journal/journal.ts';
import { aesSeal } from '#kernel/journal/seal.ts';
import { tail } from '#kernel/journal/tail.ts';

/** One measurement. CPU is user and system time of the whole process, appenders included. */
export type JournalRow = {
  readonly row: string;
  readonly recordsPerSecond: number;
  readonly mebibytesPerSecond: number;
  readonly cpuMicrosecondsPerRecord: number;
  readonly recordsPerGroup?: number;
};

const recordSize = 300;
const seconds = 3;
const rounds = 3;
const key = randomBytes(32);
const seal = aesSeal(1, () => key);

/** Counts what `work` does until the time is up, and the CPU it takes. */
async function measure(row: string, work: (until: number) => Promise<{ records: number; groups?: number }>): Promise<JournalRow> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { records, groups } = await work(started + seconds * 1000);
  const elapsed = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    row,
    recordsPerSecond: round(records / elapsed),
    mebibytesPerSecond: round((records * recordSize) / elapsed / 2 ** 20),
    cpuMicrosecondsPerRecord: round((user + system) / records),
    ...(groups !== undefined && { recordsPerGroup: round(records / groups) }),
  };
}

/** So many appenders, each awaiting one record before the next. */
async function append(journal: Journal, appenders: number, until: number): Promise<{ records: number; groups: number }> {
  const record = Buffer.alloc(recordSize, 'r');
  let records = 0;
  let groups = 0;
  let last = 0;
  const appender = async () => {
    while (performance.now() < until) {
      const { offset } = await journal.append(1, record);
      if (offset !== last) groups++;
      last = offset;
      records++;
    }
  };
  await Promise.all(Array.from({ length: appenders }, appender));
  return { records, groups };
}

/** The floor of this disk: one write and one fdatasync after the other, of the same bytes, with nothing else. */
async function bareSync(dir: string, until: number): Promise<{ records: number }> {
  const descriptor = openSync(join(dir, 'bare'), 'w');
  const record = Buffer.alloc(recordSize, 'r');
  let records = 0;
  for (; performance.now() < until; records++) {
    writeSync(descriptor, record);
    fdatasyncSync(descriptor);
  }
  closeSync(descriptor);
  return { records };
}

/** Encoding, sealing and the checksum alone, for groups of so many records. */
async function sealOnly(size: number, until: number): Promise<{ records: number; groups: number }> {
  const group = Array.from({ length: size }, () => ({ type: 1, bytes: Buffer.alloc(recordSize, 'r') }));
  let groups = 0;
  for (; performance.now() < until; groups++) {
    const sealed = seal.seal(encodeGroup(group), associatedData('bench', 1, 128, 1, size));
    encodeFrameHead(1, size, sealed);
  }
  return { records: groups * size, groups };
}

/** Reads what was appended, from the first record on. */
async function read(dir: string, records: number): Promise<{ records: number }> {
  const end = new AbortController();
  for await (const { next } of tail({ dir, process: 'bench', open: seal.open, signal: end.signal })) {
    if (next.sequence > records) end.abort();
  }
  return { records };
}

/** All rows, the best of the rounds each: other work on the machine only makes them worse. */
export async function run(): Promise<{ readonly name: string; readonly rows: readonly JournalRow[] }> {
  const best = new Map<string, JournalRow>();
  const note = (row: JournalRow) => {
    if (row.recordsPerSecond > (best.get(row.row)?.recordsPerSecond ?? 0)) best.set(row.row, row);
  };
  for (let round = 0; round < rounds; round++) {
    const dir = await mkdtemp(join(import.meta.dirname, '.run-'));
    try {
      note(await measure('bare write and fdatasync', (until) => bareSync(dir, until)));
      const journal = await openJournal({ dir, process: 'bench', seal });
      for (const appenders of [1, 8, 64, 512]) {
        note(await measure(`${appenders} appenders`, (until) => append(journal, appenders, until)));
      }
      const { sequence } = await journal.append(1, Buffer.alloc(recordSize), { essential: true });
      await journal.close();
      for (const size of [1, 8, 64, 512]) note(await measure(`encode, seal and check groups of ${size}`, (until) => sealOnly(size, until)));
      note(await measure('tail', () => read(dir, sequence)));
      if ((await listProcesses(dir)).length !== 1) throw new Error('the journal is not where it was written');
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
  return { name: 'journal', rows: [...best.values()] };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

function report({ row, recordsPerSecond, mebibytesPerSecond, cpuMicrosecondsPerRecord, recordsPerGroup }: JournalRow): string {
  const groups = recordsPerGroup === undefined ? '' : `  ${recordsPerGroup} records a group`;
  const figures = [recordsPerSecond, mebibytesPerSecond, cpuMicrosecondsPerRecord].map((figure) => String(figure).padStart(8));
  return `${row.padEnd(36)}${figures[0]} records/s ${figures[1]} MiB/s ${figures[2]} us CPU a record${groups}\n`;
}

if (import.meta.main) {
  const result = await run();
  const [cpu] = cpus();
  const machine = { cpu: cpu?.model, cores: cpus().length, memoryGiB: round(totalmem() / 2 ** 30), node: process.version };
  const date = new Date().toISOString().slice(0, 10);
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${date}.json`), `${JSON.stringify({ ...result, recordSize, date, machine }, null, 2)}\n`);
  for (const row of result.rows) process.stdout.write(report(row));
}
