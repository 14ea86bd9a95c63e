import { healthEveryMs } from '../limits.ts';
import { useOperation } from './call.ts';

export type ProcessState = {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
  readonly restarts: number;
  readonly since: number;
};
export type Health = {
  readonly processes: readonly ProcessState[];
  readonly diskFreeBytes: number;
  readonly diskReserveBytes: number;
  readonly region: string;
};

export function useHealth() {
  return useOperation<Health>('platform', 'GetHealth', '', {}, { everyMs: healthEveryMs });
}

/** A process' state in one of four tones. */
export function toneOfState(state: string): 'ok' | 'warn' | 'bad' | 'note' {
  if (state === 'ready') return 'ok';
  if (state === 'starting' || state === 'draining') return 'warn';
  return state === 'failed' ? 'bad' : 'note';
}
