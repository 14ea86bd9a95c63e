/** Bytes of a message's header. */
export const headerBytes = 256;
/** Largest message in bytes, header included. */
export const messageBytesMax = 1024 * 1024;
/** Largest body of a message in bytes. */
export const bodyBytesMax = messageBytesMax - headerBytes;
/** Most batches in one body: its count has 16 bits, of which the last value means padding. */
export const batchCountMax = 65_534;
