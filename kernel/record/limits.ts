import { limit } from '../contract/limit.ts';

export const processScanMs = limit(500, 'ms', 'How often recorder looks for journals of new processes.');
export const retryMs = limit(500, 'ms', 'Wait before a batch that PostgreSQL did not take is tried again.');
export const gapLookBackMs = limit(5000, 'ms', 'How far before a kill a tenant must have been active to get a gap record.');
export const retentionSweepMs = limit(3_600_000, 'ms', 'How often recorder drops what is no longer kept.');
export const seenDaysMax = limit(35, 'day', 'How long the source and id of a usage event are remembered.');
export const gatherMs = limit(50, 'ms', 'Pause after a transaction of recorder, in which the next records of the same process gather.');
export const checkpointMs = limit(1000, 'ms', 'How often the audit logs of active tenants get a checkpoint.');
export const entriesPerRoundMax = limit(100_000, 'entry', 'Most audit records taken into logs before their checkpoints are signed.');
export const entriesPerReadMax = limit(4096, 'entry', 'Most audit records read from the store at once.');
export const logsOpenMax = limit(4096, 'log', 'Most audit logs whose right edge recorder keeps in memory.');
export const witnessMs = limit(2000, 'ms', 'How long a checkpoint of the root log waits for a witness.');
export const witnessRestMs = limit(1000, 'ms', 'How long a witness that did not cosign rests; twice as long each further time.');
export const witnessRestMaxMs = limit(60_000, 'ms', 'The longest that it rests.');
export const cosignaturesBytesMax = limit(64 * 1024, 'byte', 'Largest answer of a witness.');
export const entriesPerInsert = limit(
  256,
  'entry',
  'Audit records that are sealed before PostgreSQL is sent them; more are sealed meanwhile.',
);
export const publishEventsMax = limit(500, 'event', 'Events that are published to the log at once.');
export const publishPollMs = limit(5000, 'ms', 'Time between two looks for events that are not published yet.');
export const publishTopicMs = limit(30_000, 'ms', 'Time for which an environment without a topic for its events is passed over.');
export const publishAbsentMax = limit(10_000, 'topic', 'Topics of which it is remembered that they are not there.');
