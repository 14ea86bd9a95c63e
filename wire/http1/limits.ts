/** Most bytes of a chunk's extensions and of the trailer fields of one body. */
export const chunkExtrasMax = 16 * 1024;

/** Longest line that gives a chunk's size: no body needs more digits. */
export const chunkSizeDigitsMax = 13;
