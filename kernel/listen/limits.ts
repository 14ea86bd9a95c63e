import { limit } from '#kernel/contract/limit.ts';

const kib = 1024;
const mib = 1024 * kib;
const second = 1000;
const hour = 3600 * second;

export const connectionsMax = limit(8192, 'connection', 'Most connections of one listener; more are closed unanswered.');
export const addressConnectionsMax = limit(2048, 'connection', 'Most connections from one address to one listener; more are closed.');
export const firstByteMs = limit(10 * second, 'ms', 'Longest wait for the first byte of a connection, which tells TLS from plain text.');
export const proxyHeadMs = limit(60_000, 'ms', 'How long a request that is passed on waits for the head of a service answer.');
export const relayWaitMs = limit(
  5 * second,
  'ms',
  'Longest wait for a process of the same service that is away, before a request is refused.',
);
export const relayRetryMs = limit(25, 'ms', 'Time between two attempts to reach a process of the same service.');
export const workerGreetingMs = limit(10 * second, 'ms', 'Longest wait for the first line of a process of the same service.');
export const workerGreetingMaxBytes = limit(64 * kib, 'byte', 'Longest first line of a process of the same service.');
export const handshakeMs = limit(10 * second, 'ms', 'Longest TLS handshake.');
export const drainMs = limit(10 * second, 'ms', 'Longest wait for connections to end after a listener was closed; the rest is cut.');
export const keepAliveProbeMs = limit(60 * second, 'ms', 'Silence after which the system asks whether a peer still lives.');

/** What an owner may set otherwise for one listener. */
export const listenLimits = { connectionsMax, addressConnectionsMax, firstByteMs, handshakeMs, drainMs };
export type ListenLimits = typeof listenLimits;

export const headerMaxBytes = limit(16 * kib, 'byte', 'Largest head of an HTTP request, address and all header fields together.');
export const headersMs = limit(15 * second, 'ms', 'Longest time for the head of an HTTP request to arrive.');
export const requestMs = limit(6 * hour, 'ms', 'Longest time for an HTTP request with its body to arrive at a door that streams.');
export const keepAliveMs = limit(65 * second, 'ms', 'Silence after which an idle HTTP connection is closed.');
export const connectionRequestsMax = limit(100_000, 'request', 'Most requests on one HTTP connection.');
export const sweepMs = limit(5 * second, 'ms', 'Time between two looks at how fast bodies move.');
export const bodyPaceBytes = limit(5 * kib, 'byte', 'Fewest bytes of a request body that must arrive between two looks.');
export const slowSweepsMax = limit(6, 'look', 'Looks in a row that may find a body slow or a reply unread before the cut.');
export const lingerMs = limit(2 * second, 'ms', 'Longest time that the rest of a body nobody wants is read after the reply.');
export const drainSweepMs = limit(25, 'ms', 'Time between two looks for idle HTTP connections while a door drains.');

/** What an owner may set otherwise for one HTTP door. */
export const httpLimits = {
  headerMaxBytes,
  headersMs,
  requestMs,
  keepAliveMs,
  connectionRequestsMax,
  sweepMs,
  bodyPaceBytes,
  slowSweepsMax,
  lingerMs,
  drainSweepMs,
};
export type HttpLimits = typeof httpLimits;

export const bodyMaxBytes = limit(mib, 'byte', 'Largest body of a management request.');

export const nameCountMax = limit(64, 'name', 'Most names and addresses in one certificate.');
export const authorityDays = limit(3650, 'day', 'Validity of the local certificate authority.');
export const dayMs = limit(24 * hour, 'ms', 'A day of validity of a certificate.');
export const backdateMs = limit(hour, 'ms', 'How far before its making a certificate is already valid, for clocks that lag.');
export const requestsPerTurnMax = limit(8, 'request', 'Most requests of an HTTP port that are read in one turn of the event loop.');
