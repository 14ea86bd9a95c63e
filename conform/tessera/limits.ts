import { limit } from '#kernel/contract/limit.ts';

export const publishWaitMs = limit(500, 'ms', 'Wait before the audit log is asked again how far it is.');
export const publishTries = limit(60, 'try', 'How often it is asked.');
export const findMs = limit(6000, 'ms', 'How long fsck may look for a flipped byte.');
