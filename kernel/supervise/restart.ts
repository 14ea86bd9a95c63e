import { circuitExitMax, circuitWindowMs, probeFirstMs, probeLastMs, restartFirstMs, restartLastMs } from './limits.ts';

/** What is remembered of a process' exits. `failures` are those in a row; `opened` is how often in a row its circuit opened. */
export type ExitHistory = { readonly exits: readonly number[]; readonly failures: number; readonly opened: number };

export const noExits: ExitHistory = { exits: [], failures: 0, opened: 0 };

/** What to do after an exit: wait, then start again. `open` means that the circuit is open and the start is only a probe. */
export type Restart = { readonly history: ExitHistory; readonly delayMs: number; readonly open: boolean };

/**
 * Decides after an exit at `now` of a process that had been ready for `readyMs` (0: never). `random` is in [0, 1).
 * A process that was stable begins anew; one that exits while its circuit is half open opens it again.
 */
export function afterExit(before: ExitHistory, now: number, readyMs: number, random: number, fatal = false): Restart {
  const history = readyMs >= circuitWindowMs ? noExits : before;
  const exits = [...history.exits.filter((at) => now - at < circuitWindowMs), now];
  const failures = history.failures + 1;
  if (fatal || history.opened > 0 || exits.length >= circuitExitMax) {
    const opened = history.opened + 1;
    const delayMs = jitter(Math.min(probeLastMs, probeFirstMs * 2 ** (opened - 1)), random);
    return { history: { exits: [], failures, opened }, delayMs, open: true };
  }
  const delayMs = jitter(Math.min(restartLastMs, restartFirstMs * 2 ** (failures - 1)), random);
  return { history: { exits, failures, opened: 0 }, delayMs, open: false };
}

/** Between half and the whole of a wait, so that processes that fell together do not rise together; never below the first wait. */
function jitter(waitMs: number, random: number): number {
  return Math.max(restartFirstMs, Math.round(waitMs * (0.5 + random / 2)));
}
