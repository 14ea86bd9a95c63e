import { limit } from '#kernel/contract/limit.ts';

export const holdSeconds = limit(7 * 86_400, 'second', 'How long an authorization holds before it ends by itself.');
export const availableAfterSeconds = limit(2 * 86_400, 'second', 'How long money that was taken waits before it may be paid out.');
export const repeatKeptMs = limit(24 * 3_600_000, 'ms', 'How long the reply to a request with an idempotency key is kept.');
export const secretsKeptMax = limit(10_000, 'environment', 'Environments whose keyed hash one process remembers.');
export const changeTriesMax = limit(20, 'try', 'How often a change that meets another one is made anew.');
export const sweepMs = limit(60_000, 'ms', 'How often steps that were left open are looked for, and what is old is dropped.');
export const sweptMax = limit(1_000, 'step', 'Open steps of one environment that one look takes up.');
export const searchClausesMax = limit(10, 'clause', 'Most clauses of a search.');
export const deliveryMs = limit(15_000, 'ms', 'Longest wait for the answer of an endpoint to one event.');
export const deliveryAnswerMaxBytes = limit(16 * 1024, 'byte', 'Largest answer of an endpoint that is read.');
export const deliveryAttemptsMax = limit(10, 'attempt', 'Most attempts to tell an endpoint of one event: about two days.');
export const deliveryLookMs = limit(250, 'ms', 'How often it is looked which environments have something to tell.');
export const deliveriesAtOnceMax = limit(32, 'event', 'Events of one environment that are told at one time.');
export const scopesAtOnceMax = limit(64, 'environment', 'Environments whose endpoints are told at one time.');
export const confirmationTokenSeconds = limit(12 * 3_600, 'second', 'How long a confirmation token may be used.');
export const eachPageMax = limit(500, 'object', 'Objects read at once where all of an environment are looked through.');
