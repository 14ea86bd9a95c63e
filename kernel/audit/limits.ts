import { limit } from '../contract/limit.ts';

export const auditWindowMs = limit(1000, 'ms', 'Length of a window of like requests in the audit log.');
export const windowEntriesMax = limit(50_000, 'window', 'Most windows open in one process; more are written out early.');
export const usageFlushMs = limit(1000, 'ms', 'How often usage is written to the journal.');
export const effectBatchMax = limit(512, 'record', 'Most effects read from a service log at once.');
export const effectGatherMs = limit(50, 'ms', 'Pause after effects of a service log were journalled, in which the next ones gather.');
export const effectRetryMs = limit(1000, 'ms', 'Wait before the log of a service is read again after the journal refused.');
export const tileWritesAtOnce = limit(16, 'file', 'Files of a log written and synced at one time.');
export const checkpointBytesMax = limit(64 * 1024, 'byte', 'Largest checkpoint that is read, with all its signatures.');
export const tileBytesMax = limit(32 * 1024 * 1024, 'byte', 'Largest tile or bundle that is read.');
export const findingsMax = limit(100, 'finding', 'Most faults that a verification names; it goes on counting beyond.');
export const auditKeysMax = limit(20_000, 'tenant', 'Most tenants whose audit keys recorder holds at one time.');
export const auditSubjectsMax = limit(
  50_000,
  'subject',
  'Most subjects whose keys are held by one process that writes or reads the audit log.',
);
export const policyBytesMax = limit(1024 * 1024, 'byte', 'Largest file with a policy of witnesses.');
