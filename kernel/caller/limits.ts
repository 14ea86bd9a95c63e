import { limit } from '../contract/limit.ts';

export const clockSkewMs = limit(15 * 60_000, 'ms', 'How far a signed request may be from our clock.');
export const signedDaysBack = limit(7, 'day', 'Days back for which SigV4 keys are held, so that presigned URLs work.');
export const signedDaysAhead = limit(
  7,
  'day',
  'Days ahead for which SigV4 keys are held, so that signatures are checked while control is away.',
);
export const presignedSecondsMax = limit(604_800, 's', 'Longest life of a presigned URL.');
export const identifiedCacheMax = limit(4096, 'credential', 'Identified callers a gate remembers until an epoch moves.');
export const loginLengthMax = limit(200, 'character', 'Longest name that somebody logs in by whose verifiers were brought.');
