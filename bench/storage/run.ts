import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { forked } from '../fork.ts';
import { type BenchResult, type BenchRow, bounded, compared, least } from '../result.ts';
import { doorRows } from './door.ts';
import { workerRows } from './worker.ts';

const unit = 262_144;

/** Bytes of data that ISA-L encodes per CPU-second; it needs python3 and Debian's libisal2. */
function isal(): number | 'not run' {
  try {
    return Number(
      execFileSync('python3', [join(import.meta.dirname, 'isal.py'), String(unit), '400'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
  } catch {
    return 'not run';
  }
}

/** The S3 door beside a peer; the engine below it: the code's kernel beside ISA-L, small and large objects, degraded reads, rebuild. */
export async function run(): Promise<BenchResult> {
  const door = [...(await doorRows()), ...(await workerRows())];
  const child = forked(fileURLToPath(new URL('./engine.main.ts', import.meta.url)));
  const found = await child.ask<Record<string, number>>();
  await child.end();
  const giga = (name: string) => (found[name] ?? Number.NaN) / 1e9;
  const peer = isal();
  const rows: BenchRow[] = [
    ...door,
    compared('Reed-Solomon 12+4, data encoded', 'GB/CPU-s', 'more', giga('encode'), peer === 'not run' ? peer : peer / 1e9, 0.5),
    least('Reed-Solomon 12+4, absolute', 'GB/CPU-s', giga('encode'), 5),
    least('4 KiB put, three copies and index synced, 64 at once', '1/CPU-s', found.smallPutPerCpu!, null),
    least('4 KiB put, the same, wall', '1/s', found.smallPutPerSecond!, null),
    compared(
      '4 KiB put into four buckets, wall: four partitions of the index beside one',
      '1/s',
      'more',
      found.apartPerSecond!,
      found.togetherPerSecond!,
      null,
    ),
    least('4 KiB put into four buckets in four partitions', '1/CPU-s', found.apartPerCpu!, null),
    least('4 KiB get, 64 at once', '1/CPU-s', found.smallGetPerCpu!, null),
    least('4 KiB put, of text, which is compressed', '1/CPU-s', found.textPutPerCpu!, null),
    least('4 KiB get, of text', '1/CPU-s', found.textGetPerCpu!, null),
    least('bytes put for each that is kept, this repository, its data and 100 MB of its logs', 'x', found.textRatio!, 4),
    least('the same, what a CPU-second takes in', 'GB/CPU-s', giga('textPerCpu'), null),
    least('bytes put for each that is kept, of noise', 'x', found.noiseRatio!, 0.98),
    bounded('bytes on drives for each that was put, 64 MiB of noise', 'x', found.largeRaw!, 1.34),
    bounded('the same, sealed, of objects of 4 to 256 KiB', 'x', found.mixedRaw!, 1.34),
    least('64 MiB put, 12+4 synced, MD5', 'GB/CPU-s', giga('largePutPerCpu'), null),
    least('64 MiB get', 'GB/CPU-s', giga('largeGetPerCpu'), null),
    compared('64 MiB get, four drives gone beside all there', 'GB/s', 'more', giga('degradedPerSecond'), giga('largeGetPerSecond'), 0.6),
    least('rebuild of a drive, three more being gone', 'GB/s', giga('rebuildPerSecond'), 0.5),
    least('rebuild, by CPU', 'GB/CPU-s', giga('rebuildPerCpu'), null),
  ];
  return { name: 'storage', rows };
}
