import { limit } from '../contract/limit.ts';

export const auditWindowMs = limit(1000, 'ms', 'Length of a window of like requests in the audit log.');
export const windowEntriesMax = limit(50_000, 'window', 'Most windows open in one process; more are written out early.');
export const usageFlushMs = limit(1000, 'ms', 'How often usage is written to the journal.');
export const effectBatchMax = limit(512, 'record', 'Most effects read from a service log at once.');
export const effectRetryMs = limit(1000, 'ms', 'Wait before the log of a service is read again after the journal refused.');
