import { limit } from '#kernel/contract/limit.ts';

export const partMs = limit(30_000, 'ms', 'Longest time from the first byte of a message to its last.');
export const waitingMax = limit(
  64,
  'message',
  'Messages of one connection that wait for their turn; it is not read further until some had theirs.',
);
export const congestedWaitMs = limit(2, 'ms', 'Time after which a connection is read again when the log was waiting for the disk.');
export const standbyWaitMs = limit(10, 'ms', 'Time after which a request that came to the standby is looked at again.');
