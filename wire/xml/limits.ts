/** Deepest nesting of a document that is read. */
export const xmlDepthMax = 16;

/** Most elements of a document that is read: DeleteObjects names 1000 keys with some fields each, a completion 10,000 parts. */
export const xmlElementsMax = 80_000;

/** Longest document that is read, unless the caller names a lower number. */
export const xmlMaxBytes = 4 * 1024 * 1024;
