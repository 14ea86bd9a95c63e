/** Largest message of a client that has not shown who it is, in bytes. */
export const strangerMessageBytes = 16 * 1024;
/** Largest message of a client, in bytes. */
export const messageBytes = 16 * 1024 * 1024;
/** Bytes that wait unread on one connection before its socket is paused. */
export const waitingBytes = 1024 * 1024;
/** Milliseconds that a client has to show who it is. */
export const strangerMs = 30_000;
/** Bytes of rows that are gathered before they are sent. */
export const sendBytes = 64 * 1024;
/** Most prepared statements, and most portals, of one connection. */
export const preparedMax = 1_000;
/** Most steps of one authentication. */
export const proofStepsMax = 8;
/** Rows of a COPY that are taken together. */
export const copyBlockRows = 500;
/** Longest line of a COPY, in characters. */
export const copyLineBytes = 16 * 1024 * 1024;
/** Bytes of rows that a cursor keeps to go back to, about. */
export const scrollBytes = 16 * 1024 * 1024;
