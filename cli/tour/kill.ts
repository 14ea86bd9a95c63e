import { setTimeout as sleep } from 'node:timers/promises';
import { runningPlatform } from '#kernel/supervise/client.ts';
import { tourComesBackMs, tourLookMs } from '../limits.ts';

/** Ends one process of the platform by SIGKILL and resolves when its successor is ready. */
export async function killAndAwait(data: string, name: string): Promise<void> {
  const find = async () => (await runningPlatform(data))?.processes.find((process) => process.name === name);
  const before = await find();
  if (typeof before?.pid !== 'number') throw new Error(`There is no process ${name}.`);
  process.kill(before.pid, 'SIGKILL');
  for (const end = performance.now() + tourComesBackMs; performance.now() < end; await sleep(tourLookMs)) {
    const now = await find();
    if (now?.state === 'ready' && now.pid !== before.pid) return;
  }
  throw new Error(`The process ${name} did not come back.`);
}
