/** Largest frame in bytes that a broker reads, as Apache Kafka's `socket.request.max.bytes`. */
export const frameBytesMax = 100 * 1024 * 1024;
/** Most elements of all arrays of one message together: arrays become objects, which weigh more than their bytes. */
export const elementCountMax = 500_000;
/** Bytes of records from which a writer keeps the caller's buffer instead of copying it. */
export const copiedBytesMax = 4096;
/** Bytes a writer starts with. */
export const writerBytes = 1024;
/** Largest batch in bytes after decompression, so that a small batch cannot fill the memory. */
export const inflatedBytesMax = 256 * 1024 * 1024;
/** Most headers of one record. */
export const headerCountMax = 10_000;
/** Bytes of a batch before its records: KIP-98's format, magic 2. */
export const batchHeadBytes = 61;
/** Bytes before the first block in xerial's framing of snappy. */
export const xerialHeadBytes = 16;
/** Bytes at the end of a block that no repeat reaches into: LZ4's block format demands twelve before which the last one begins. */
export const matchTailBytes = 12;
/** Bytes of a block of snappy as the Java library cuts them. */
export const snappyBlockBytes = 32 * 1024;
/** Bytes of a block of LZ4, the least that its frames can say. */
export const lz4BlockBytes = 64 * 1024;
