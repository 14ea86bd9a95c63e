import { limit } from '../contract/limit.ts';

export const scramRounds = limit(4096, 'round', 'Rounds of PBKDF2 in the SCRAM verifiers of a credential; clients refuse fewer.');

export const leaseMs = limit(24 * 3_600_000, 'ms', 'How long a process may use a leased data key without asking the keeper again.');
export const keeperCallMs = limit(10_000, 'ms', 'How long a process waits for an answer of the keeper.');
export const keeperLineBytes = limit(4 * 1024 * 1024, 'byte', 'Longest line between a process and the keeper.');
export const keeperPendingMax = limit(10_000, 'call', 'Most calls of one process that wait for the keeper.');
export const serviceTokenMs = limit(300_000, 'ms', 'Life of a credential with which one service calls another.');
export const reconnectMs = limit(200, 'ms', 'Wait before connecting to the keeper again.');
export const checkpointsPerCallMax = limit(16, 'checkpoint', 'Most checkpoints that the keeper signs in one call.');
export const strictLeaseMs = limit(60_000, 'ms', 'The same for a key whose leases are to be short.');
export const subjectTenantsMax = limit(1000, 'tenant', 'Most tenants whose subjects keeper has at hand.');
export const personalKeysMax = limit(20_000, 'key', 'Most keys of persons that keeper has at hand for the fields of the directory.');
