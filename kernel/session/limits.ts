import { limit } from '../contract/limit.ts';

export const sessionsKeptMax = limit(20_000, 'caller', 'Callers whose grants one process remembers; the one unused longest is forgotten.');
export const grantsKeptMax = limit(10_000, 'grant', 'Grants remembered for one caller in one process.');
export const expirySweepMs = limit(1000, 'ms', 'How often open sessions are looked at for credentials that expired.');
export const clockTickMs = limit(5, 'ms', 'How often the clock that rate buckets read is set.');
export const registerWaitMs = limit(
  30_000,
  'ms',
  'How long a service tries to register with control before it starts from what it registered last.',
);
export const registerRetryMs = limit(100, 'ms', 'Wait between two tries to register.');
export const newNameMax = limit(1024, 'character', 'Longest name of a new resource that policy decides about.');
export const repeatKeyLengthMax = limit(255, 'character', 'Longest idempotency key.');
export const repeatKeptMs = limit(24 * 3_600_000, 'ms', 'How long the reply to a keyed request is kept.');
export const drainMs = limit(8000, 'ms', 'How long a process waits for what is running before it closes connections.');
export const registrationBytes = limit(8 * 1024 * 1024, 'byte', 'Largest registration of a service: its contract and migrations.');
export const policySetsKeptMax = limit(1000, 'tenant', 'Tenants whose compiled policies one process keeps.');
export const sqlConnectionsMax = limit(4, 'connection', 'Connections of one process to PostgreSQL.');
export const shadowEvery = limit(1000, 'decision', 'Of so many decisions one is made again by the policy engine, and compared.');
export const shadowPoliciesMax = limit(
  500,
  'policy',
  'Largest set of policies of which decisions are compared with the engine: it reads them all anew.',
);
export const ledgersOpenMax = limit(256, 'environment', 'Environments whose ledger one process keeps a connection to.');
export const standbyPortStep = limit(10, 'port', "What the usual ports of a service's standby are above those of the service.");
