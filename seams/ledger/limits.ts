/** Milliseconds to reach a replica before the next attempt. */
export const connectMs = 5_000;
/** Milliseconds after which a request that has no answer is sent again, to the next replica. */
export const resendMs = 1_000;
/** Milliseconds between two attempts to connect to a replica that is away. */
export const reconnectMs = 100;
/** Milliseconds that a call may wait for its answer, unless its caller says. */
export const answerMs = 30_000;
/** Calls that wait for the one request on its way; more are refused. */
export const waitingMax = 8_192;
/** Most calls that travel in one request. */
export const batchesMax = 512;
/** Most replicas that an address may name. */
export const replicasMax = 6;
/** Most connections that one tunnel carries at a time. */
export const tunnelConnectionsMax = 256;
