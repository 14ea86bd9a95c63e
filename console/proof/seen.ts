import type { Seen } from './check.ts';

const keyOf = (log: string) => `gamut-checkpoint ${log}`;

/** The checkpoint of a log that this browser saw when it looked before. */
export function lastSeen(log: string): Seen | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(log)) ?? 'null') as Seen | null;
    return kept && Number.isSafeInteger(kept.size) && kept.size > 0 && typeof kept.root === 'string' ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a checkpoint for the next look. */
export function keepSeen(log: string, seen: Seen): void {
  try {
    localStorage.setItem(keyOf(log), JSON.stringify(seen));
  } catch {
    // Storage may be forbidden; each look stands alone then.
  }
}
