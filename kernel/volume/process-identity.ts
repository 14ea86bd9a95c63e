import { readFileSync } from 'node:fs';

/**
 * Names one run of a process: the boot and the tick it started at, so that a process id used again is not taken for the
 * old process. Undefined when there is no such process, or only its unreaped remains.
 */
export function processIdentity(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the command in parentheses and may hold anything, parentheses included.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  if (state === 'Z' || state === 'X') return undefined;
  return `${read('/proc/sys/kernel/random/boot_id')?.trim() ?? ''}/${fields[19]}`;
}

/** Whether the very process that was recorded still runs. */
export function isRunning(pid: number, identity: string): boolean {
  return processIdentity(pid) === identity;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process ended, or this system has no /proc: nothing can be said of it either way.
    return undefined;
  }
}
