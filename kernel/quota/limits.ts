import { limit } from '../contract/limit.ts';

export const bucketsKeptMax = limit(
  200_000,
  'bucket',
  'Rate buckets that one process keeps; those of the tenant that came first start anew.',
);
export const quotaWaitMaxMs = limit(1000, 'ms', 'Longest that a call waits for its rate before it is refused with TooMany.');
export const leaseShares = limit(10, 'share', 'Of so many parts of its burst a process that shares a rate takes one at a time.');
export const leaseMs = limit(1000, 'ms', 'How long a process may spend what it took of a shared rate.');
export const leaseForgetMs = limit(1000, 'ms', 'How much later than its process what was not spent is thought to be gone.');
export const leaseStoreBytes = limit(256 * 1024 * 1024, 'byte', 'Largest store of the rates that the processes of one service share.');
export const concurrencyStart = limit(256, 'call', 'Calls that one process runs at once before it has learnt how long they take.');
export const concurrencyMin = limit(16, 'call', 'Fewest calls that one process runs at once, however slow they have become.');
export const concurrencyMax = limit(4096, 'call', 'Most calls that one process runs at once.');
export const latencyToleranceMax = limit(2, 'times', 'How much longer than usual calls may take before fewer run at once.');
export const latencyLeastMs = limit(1, 'ms', 'Calls that are faster count as this slow: below it latency is noise.');
export const usualRaiseMs = limit(1000, 'ms', 'How often what an operation usually takes may rise, by 2 %.');
export const latencyWindowCalls = limit(64, 'call', 'Calls between two looks at how long they took.');
export const callsPerTurnMax = limit(64, 'call', 'Most calls that begin in one turn of the event loop while one tenant calls.');
export const callsPerSharedTurnMax = limit(2, 'call', 'Most calls that begin in one turn of the event loop while several tenants call.');
export const sharedForMs = limit(10_000, 'ms', 'How long a process is thought to be shared after two tenants called in turn.');
export const fairQuantum = limit(1, 'ms', 'What a waiting tenant may use before it is the turn of the next.');
export const callCostMax = limit(64, 'ms', 'Most that one call counts against the turn of its tenant.');
export const waitingPerTenantMax = limit(2048, 'call', 'Calls of one tenant that wait in one process; more are refused with TooMany.');
export const waitingMax = limit(16_384, 'call', 'Calls that wait in one process; more are refused with TooMany.');
export const admissionTickMs = limit(
  50,
  'ms',
  'How often waiting calls are looked at: for those that waited too long, and for calls that are parked.',
);
