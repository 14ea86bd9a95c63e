/** Most connections of one pool. */
export const poolConnectionsMax = 64;
/** Milliseconds that a statement group or a transaction waits for a connection before it fails as unavailable. */
export const poolWaitMs = 10_000;
/** Most groups and transactions that wait for a connection of one pool; more are refused at once. */
export const poolQueueMax = 10_000;
/** Most statement groups in flight on one connection. */
export const pipelineDepthMax = 32;
/** Prepared statements kept per connection; the one used least recently is closed first. */
export const statementCacheMax = 256;
/** Longest text of a statement in bytes. */
export const statementTextBytesMax = 1024 * 1024;
/** Most statements of one group. */
export const groupStatementsMax = 1000;
/** Milliseconds that one statement may run on the server. */
export const statementTimeoutMs = 30_000;
/** Milliseconds that a transaction may stand idle between two statements before the server ends its connection. */
export const transactionIdleMs = 30_000;
/** Milliseconds beyond the statement timeout without a byte from the server after which a connection is given up. */
export const silenceGraceMs = 5_000;
/** Milliseconds to connect, encrypt and authenticate. */
export const connectTimeoutMs = 10_000;
/** Milliseconds after which a connection without work is closed, so that an idle service holds no server process. */
export const connectionIdleMs = 60_000;
/** Milliseconds before the first attempt to connect again; it doubles with each failure. */
export const reconnectFirstMs = 20;
/** Longest wait in milliseconds between two attempts to connect. */
export const reconnectLongestMs = 1_000;
/** Bytes of rows that one group may answer; more fails the group and is not kept in memory. */
export const resultBytesMax = 64 * 1024 * 1024;
/** Times that one group is sent again when a cancel meant for its neighbour or a changed plan hit it. */
export const resendMax = 3;
/** Rows that a cursor fetches at a time unless told otherwise. */
export const cursorRowsMax = 500;
/** Milliseconds between two words to a server that replicates to us, which ends who is silent for long. */
export const replicationWordMs = 10_000;
/** Bytes of a server's greeting and authentication before a connection is given up. */
export const handshakeBytesMax = 64 * 1024;
