import { fault } from '#kernel/contract/fault.ts';

/** Ends work whose caller lost the right to it or went away. A drain lets what runs finish. */
export function assertLive(signal: AbortSignal): void {
  if (!signal.aborted || signal.reason === 'drain') return;
  if (signal.reason instanceof Error) throw signal.reason;
  throw fault('Unauthenticated', { path: 'revoked', detail: 'The session has ended.' });
}
