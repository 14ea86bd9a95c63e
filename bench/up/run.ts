import { availableServices } from '#kernel/supervise/service.ts';
import { command, up, withData } from '../command.ts';
import { type BenchResult, bounded, median } from '../result.ts';

const runs = 5;
const warmS = 8;
const firstS = 60;

async function times(services: string): Promise<{ first: number[]; warm: number[] }> {
  const first: number[] = [];
  const warm: number[] = [];
  for (let at = 0; at < runs; at += 1) {
    await withData(async (data) => {
      first.push(await up(data, services));
      await command(data, 'down');
      warm.push(await up(data, services));
    });
  }
  return { first, warm };
}

/** `gamut up` from the command to ready, all services, the packages there. */
export async function run(): Promise<BenchResult> {
  const { first, warm } = await times(availableServices().join(','));
  return {
    name: 'up',
    rows: [
      bounded(`fresh data directory, most of ${runs}`, 's', Math.max(...first), firstS),
      bounded('the same, median', 's', median(first), null),
      bounded(`warm, most of ${runs}`, 's', Math.max(...warm), warmS),
      bounded('the same, median', 's', median(warm), null),
    ],
  };
}
