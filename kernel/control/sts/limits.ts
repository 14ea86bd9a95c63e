import { limit } from '../../contract/limit.ts';

const hour = 3600;

export const temporarySecondsMin = limit(900, 's', 'Shortest life of a temporary credential.');
export const roleSessionSecondsMax = limit(12 * hour, 's', 'Longest life of a temporary credential with a role.');
export const roleSessionSeconds = limit(hour, 's', 'Life of a temporary credential with a role, if not said.');
export const sessionSecondsMax = limit(36 * hour, 's', 'Longest life of a session token.');
export const sessionSeconds = limit(12 * hour, 's', 'Life of a session token, if not said.');
export const temporaryMax = limit(10_000, 'credential', 'Temporary credentials of one organization at one time.');
export const temporarySweepMs = limit(60_000, 'ms', 'How often temporary credentials that are over are taken away.');
export const temporaryKeptMs = limit(hour * 1000, 'ms', 'How long a temporary credential is known as expired.');
export const sweepBatchMax = limit(500, 'credential', 'Temporary credentials taken away in one transaction.');
export const stsBodyMaxBytes = limit(64 * 1024, 'byte', 'Largest body of a request to STS.');
export const stsFieldsMax = limit(100, 'field', 'Fields of a request to STS.');
