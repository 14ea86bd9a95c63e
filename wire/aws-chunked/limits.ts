/** Longest head line of a chunk: its size, its signature and extensions. */
export const chunkHeadMaxBytes = 1024;

/** Longest trailer line. */
export const trailerLineMaxBytes = 2048;

/** Most trailers behind a body. */
export const trailersMax = 16;

/** Most digits of a chunk's size: 2^40 - 1 bytes. */
export const chunkSizeDigitsMax = 10;
