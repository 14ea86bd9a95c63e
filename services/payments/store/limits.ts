import { limit } from '#kernel/contract/limit.ts';

export const holdSeconds = limit(7 * 86_400, 'second', 'How long an authorization holds before it ends by itself.');
export const availableAfterSeconds = limit(2 * 86_400, 'second', 'How long money that was taken waits before it may be paid out.');
export const repeatKeptMs = limit(24 * 3_600_000, 'ms', 'How long the reply to a request with an idempotency key is kept.');
export const secretsKeptMax = limit(10_000, 'environment', 'Environments whose keyed hash one process remembers.');
export const changeTriesMax = limit(20, 'try', 'How often a change that meets another one is made anew.');
export const sweepMs = limit(60_000, 'ms', 'How often steps that were left open are looked for, and what is old is dropped.');
export const sweptMax = limit(1_000, 'step', 'Open steps of one environment that one look takes up.');
export const searchClausesMax = limit(10, 'clause', 'Most clauses of a search.');
