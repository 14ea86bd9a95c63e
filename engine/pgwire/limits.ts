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
/** Longest name of a channel, in bytes, as PostgreSQL has it. */
export const channelBytes = 63;
/** Longest payload of a notification, in bytes: PostgreSQL's is shorter than 8,000. */
export const payloadBytes = 7_999;
/** Most channels that one connection listens to. */
export const listenedMax = 1_000;
/** Bytes of notifications that one transaction tells, about. */
export const tellingBytes = 16 * 1024 * 1024;
/** Bytes of notifications that wait for one client, about, before it is let go. */
export const unheardBytes = 16 * 1024 * 1024;
/** Milliseconds that a client that is let go has to read why. */
export const farewellMs = 5_000;
/** Bytes that a notification takes in memory beside its texts, about. */
export const stepBytes = 100;
