import { limit } from '#kernel/contract/limit.ts';

const mib = 1024 * 1024;

export const frameMaxBytes = limit(100 * mib, 'byte', 'Largest request of an identified client.');
export const strangerFrameMaxBytes = limit(64 * 1024, 'byte', 'Largest request before the client is identified.');
export const strangerMs = limit(30_000, 'ms', 'Time a client has to identify itself.');
export const waitingMaxBytes = limit(8 * mib, 'byte', 'Bytes of requests that wait on one connection before its socket is paused.');
export const parkMaxMs = limit(300_000, 'ms', 'Longest wait of a fetch for more records.');
export const fetchMaxBytes = limit(55 * mib, 'byte', 'Most bytes of one fetch, as in Apache Kafka.');
export const fetchPartitionsMax = limit(20_000, 'partition', 'Most partitions of one fetch.');
export const admitMaxMs = limit(30_000, 'ms', 'Longest time a request is held back by a quota before it is refused.');
export const saslStepsMax = limit(8, 'step', 'Most steps of one authentication.');
export const scramRoundsMin = limit(4096, 'round', 'Fewest rounds of a SCRAM user, as in Apache Kafka.');
export const scramRoundsMax = limit(16_384, 'round', 'Most rounds of a SCRAM user, as in Apache Kafka.');
export const userNameMax = limit(200, 'character', 'Longest name of a SCRAM user.');
export const throttleMaxMs = limit(
  300_000,
  'ms',
  'Longest time for which a client that overdrew a quota is not listened to; what is left then is still owed.',
);
export const requestThrottleMaxMs = limit(1000, 'ms', 'The same of quotas on the time of requests and on connections, as in Apache Kafka.');
