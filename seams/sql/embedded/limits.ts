/** Longest path of a unix socket in bytes (sun_path without its end). */
export const socketPathBytesMax = 107;
/** Milliseconds until a started server must take connections; recovery after a crash is within it. */
export const startTimeoutMs = 120_000;
/** Milliseconds that initdb may take. */
export const initTimeoutMs = 120_000;
/** Milliseconds of a fast shutdown before the server is told to quit at once. */
export const stopTimeoutMs = 15_000;
/** Milliseconds of an immediate shutdown before the server's processes are killed. */
export const quitTimeoutMs = 5_000;
/** Lines of the server's log kept to explain why it ended. */
export const logLinesMax = 50;
/** Longest line of the server's log in bytes; the rest of a longer one is dropped. */
export const logLineBytesMax = 16 * 1024;
/** Milliseconds between two looks at a server that is starting or stopping. */
export const pollMs = 20;
/** Most connections of the embedded server. */
export const serverConnectionsMax = 100;
