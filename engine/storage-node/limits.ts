/** Connections that a node takes at once; more are closed. */
export const connectionsMax = 64;
/** Milliseconds in which a connection must have proven its key and greeted. */
export const greetingMs = 5000;
/** Requests of a connection that are under way at once. */
export const requestsMax = 256;
/** Bytes that requests under way on a connection read or write; no more are begun before some are done. */
export const underWayMaxBytes = 32 * 1024 * 1024;
/** Bytes that wait to be sent on a connection before no more is put to them. */
export const sendingMaxBytes = 4 * 1024 * 1024;
/** Requests to a node that wait for their turn; more are refused. */
export const waitingMax = 65_536;
/** Milliseconds between two looks at whether a node still answers. */
export const lookMs = 500;
/** Milliseconds without a word, though one was asked for, after which a node is away. */
export const silenceMs = 5000;
/** Milliseconds that one request may take at a node that answers others. */
export const answerMs = 30_000;
/** Milliseconds without a word from storage, which asks all the time, after which a node ends the connection. */
export const idleMs = 60_000;
/** First wait in milliseconds before a node is connected to again; it doubles. */
export const againMinMs = 100;
/** Longest such wait in milliseconds. */
export const againMaxMs = 2000;
/** Milliseconds that a start waits for its nodes. */
export const readyMs = 5000;
/** Bytes of a key that storage and a node share. */
export const keyBytes = 32;
