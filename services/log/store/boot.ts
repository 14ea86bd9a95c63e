import { readFileSync } from 'node:fs';

/**
 * Which start of the machine this is; undefined where the system does not say. What a process wrote is whole after it was
 * killed, in whatever order the disk takes it, as long as the machine is not started anew.
 */
export const machineBoot: string | undefined = bootOf('/proc/sys/kernel/random/boot_id');

function bootOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
