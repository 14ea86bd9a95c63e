/** Messages of one connection that are being answered at once; then no more are read from it until one is. */
export const answeringMax = 256;
/** Requests of one connection that wait for their answers at once; more are refused. */
export const outstandingMax = 4096;
/** Connections that one side takes at once; more are closed. */
export const connectionsMax = 512;
/** Milliseconds in which a message that has begun to come must be whole. */
export const wholeMs = 10_000;
/** Milliseconds that an answer may take, unless its request says otherwise. */
export const answerMs = 15_000;
/** Milliseconds without a word after which the other side is asked whether it is there. */
export const echoMs = 30_000;
/** Bytes that wait to be sent on one connection before no more is read from it. */
export const sendingBytes = 1024 * 1024;
/** Largest system trace audit number; the next is 1. */
export const traceMax = 999_999;
