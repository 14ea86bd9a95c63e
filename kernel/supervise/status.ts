import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, processIdentity } from '../volume/process-identity.ts';
import { writeAtomically } from '../volume/write.ts';
import type { DoorAddress, ProcessStatus } from './protocol.ts';

export type PlatformPhase = 'starting' | 'ready' | 'draining' | 'stopped';

/** What the supervisor answers on its control socket. `facts` hold secrets, and so does this: it goes to the owner only. */
export type PlatformStatus = {
  readonly phase: PlatformPhase;
  readonly pid: number;
  readonly data: string;
  readonly since: number;
  readonly processes: readonly ProcessStatus[];
  readonly doors: Readonly<Record<string, DoorAddress>>;
  readonly facts: Readonly<Record<string, string>>;
  /** What the operator should know now, such as a disk that is nearly full. */
  readonly notes: readonly string[];
};

/** `foreign` ones end by their own guard, and are not killed. */
type Recorded = ProcessStatus & { readonly identity?: string; readonly foreign?: true };

const statusFile = (data: string) => join(data, 'processes.json');

/**
 * Writes which processes run, for those who look without asking the supervisor (`GetHealth`), and for the next supervisor,
 * which ends those whose own has died. Returns false when the disk does not take it.
 */
export function writeStatus(data: string, processes: readonly ProcessStatus[], foreign: ReadonlySet<string>): boolean {
  const recorded: Recorded[] = processes.map((status) => {
    const identity = status.pid === null ? undefined : processIdentity(status.pid);
    return { ...status, ...(identity && { identity }), ...(foreign.has(status.name) && { foreign: true as const }) };
  });
  try {
    writeAtomically(statusFile(data), `${JSON.stringify({ processes: recorded })}\n`, 0o600);
    return true;
  } catch {
    // The status serves those who look; the platform runs on without it.
    return false;
  }
}

/** The processes as the supervisor of this data directory last wrote them; none when nothing was written. */
export function readStatus(data: string): readonly ProcessStatus[] {
  return recordedIn(data).map(({ identity: _, foreign: __, ...status }) => status);
}

export type Leftover = { readonly name: string; readonly pid: number; readonly identity: string; readonly foreign: boolean };

/** Processes of an earlier supervisor that still run. */
export function leftoverProcesses(data: string): Leftover[] {
  return recordedIn(data).flatMap(({ name, pid, identity, foreign = false }) =>
    pid !== null && pid !== process.pid && identity !== undefined && isRunning(pid, identity) ? [{ name, pid, identity, foreign }] : [],
  );
}

function recordedIn(data: string): readonly Recorded[] {
  try {
    const { processes } = JSON.parse(readFileSync(statusFile(data), 'utf8')) as { processes: unknown };
    return Array.isArray(processes) ? (processes as Recorded[]) : [];
  } catch {
    // Never written, or cut off by a crash of the machine, after which no process of it runs either.
    return [];
  }
}
