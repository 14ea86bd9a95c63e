import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryCommand } from '../../conform/command.ts';
import { goBuild } from '../../conform/go.ts';
import { recorderThreads } from '#kernel/supervise/limits.ts';
import { installation } from '#kernel/supervise/module.ts';
import { openHouse } from '#kernel/session/test/fixture/house.ts';
import { type BenchResult, type BenchRow, bounded, compared, median, round } from '../result.ts';
import { databaseOf } from '../usage/database.ts';
import { Ours } from './ours.ts';
import { sealing } from './sealing.ts';

const rounds = 3;
const count = 40_000;
const entryBytes = 700;
/** As both sides have it: how many entries are made durable together, and how often a checkpoint is signed. */
const perFlush = 4096;
const checkpointMs = 100;
const atLeast = 20_000;

/** Tessera's log on files, in a process of its own; undefined where no Go is installed. */
async function openPeer(): Promise<((entries: number) => Promise<number>) | undefined> {
  if ((await tryCommand(['sh', '-c', 'command -v go'])).code !== 0) return undefined;
  const program = await goBuild(join(installation, 'conform', 'witness', 'log'), 'log');
  return async (entries) => {
    const directory = mkdtempSync(join(tmpdir(), 'gamut-bench-tessera-'));
    try {
      const { code, out, err } = await tryCommand([program, 'rate', directory, `${entries}`, `${entryBytes}`]);
      if (code !== 0) throw new Error(`Tessera: ${err.slice(-800)}`);
      return entries / Number(out.trim().split('\n').at(-1));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

/** A figure that must be reached, with the peer's beside it. */
function reached(row: string, ours: number, peer: number | 'not run'): BenchRow {
  return { ...compared(row, 'entries/s', 'more', ours, peer, null), goal: `>= ${round(atLeast)} entries/s`, met: ours >= atLeast };
}

/** Entries a second that are durable, integrated and signed, beside Tessera's log on files; and what sealing takes. */
export async function run(): Promise<BenchResult> {
  // As recorder has it: read when the first file is synced.
  process.env.UV_THREADPOOL_SIZE = String(recorderThreads);
  const peer = await openPeer();
  const house = await openHouse({ mode: 'processes', quiet: true });
  const ours = await new Ours().open(databaseOf(house.data));
  try {
    const entries = Array.from({ length: count }, () => randomBytes(entryBytes));
    const [tiles, whole, them]: [number[], number[], number[]] = [[], [], []];
    await ours.whole(count / 4);
    for (let number = 0; number < rounds; number += 1) {
      tiles.push(await ours.tiles(entries, perFlush, checkpointMs));
      if (peer) them.push(await peer(count));
      whole.push(await ours.whole(count));
    }
    const beside = peer ? median(them) : 'not run';
    const rows = [
      compared(`tile log: ${entryBytes} bytes, durable, integrated, signed`, 'entries/s', 'more', median(tiles), beside, 3),
      reached('audit: journalled, sealed, stored, integrated, signed', median(whole), beside),
      ...sealing().map(({ records, microseconds }) =>
        bounded(`journal: seal a frame of ${records} records`, 'us CPU/record', microseconds, records > 1 ? 3 : null),
      ),
    ];
    return { name: 'audit', rows };
  } finally {
    await ours.close();
    await house.stop();
  }
}
