import { limit } from '#kernel/contract/limit.ts';

export const publishWaitMs = limit(1000, 'ms', 'Wait before a checkpoint that the root log does not have yet is looked for again.');
export const publishTries = limit(5, 'try', 'How often such a checkpoint is looked for.');
export const followMs = limit(1000, 'ms', 'How often `audit tail --follow` asks for more.');
export const pageRecords = limit(1000, 'record', 'Audit records read in one call.');
