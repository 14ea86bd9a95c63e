import { limit } from '../contract/limit.ts';

export const bucketsKeptMax = limit(200_000, 'bucket', 'Rate buckets that one process keeps; the oldest starts anew.');
export const quotaWaitMaxMs = limit(1000, 'ms', 'Longest that a call waits for its rate before it is refused with TooMany.');
