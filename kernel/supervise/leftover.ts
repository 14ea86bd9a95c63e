import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../volume/process-identity.ts';
import { fault } from './fault.ts';
import { guardEndMs, leftoverMs, pollMs } from './limits.ts';
import { type Leftover, leftoverProcesses } from './status.ts';

/**
 * Ends the processes of a supervisor that died. They end by themselves when its pipe closes, except one that is blocked;
 * two writers of one data directory must never meet, so the next start makes sure. Returns their names. Foreign programs
 * are stopped by their guards, and waited for only when `foreign` says so: their next start looks for itself.
 */
export async function endLeftovers(data: string, foreign: 'wait' | 'leave' = 'leave'): Promise<string[]> {
  const left = leftoverProcesses(data);
  const own = left.filter((process) => !process.foreign);
  for (const { pid } of own) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended between the two looks.
    }
  }
  await gone(own, leftoverMs);
  if (foreign === 'wait') await gone(left, guardEndMs);
  return own.map(({ name }) => name);
}

async function gone(processes: readonly Leftover[], waitMs: number): Promise<void> {
  const end = performance.now() + waitMs;
  for (let left = running(processes); left.length > 0; left = running(left)) {
    if (performance.now() > end) throw fault('StartFailed', `${left[0]?.name}: process ${left[0]?.pid} of an earlier start does not end.`);
    await sleep(pollMs);
  }
}

const running = (processes: readonly Leftover[]) => processes.filter(({ pid, identity }) => isRunning(pid, identity));
