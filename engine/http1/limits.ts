/** Bytes of one reply that wait for its reader before more of them are made. */
export const sendAheadBytes = 1024 * 1024;
/** Shortest piece of a reply, in bytes, that waits for those that come in the same turn. */
export const gatherMinBytes = 16 * 1024;
/** Pieces of the body of one request, of 64 KiB at most, that wait for whoever reads it. */
export const piecesAheadMax = 8;
