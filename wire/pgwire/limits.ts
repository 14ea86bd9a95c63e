/** Largest message, in bytes, that a reader accepts; a longer length ends the stream. */
export const messageBytesMax = 256 * 1024 * 1024;
/** Largest startup packet in bytes; PostgreSQL itself refuses more than this. */
export const startupBytesMax = 10_000;
/** Bytes of one slab of outgoing messages; a longer message gets a slab of its own. */
export const slabBytes = 64 * 1024;
/** Most parameters of one Bind: the protocol counts them in 16 bits. */
export const parameterCountMax = 65_535;
/** Most dimensions of an array; PostgreSQL's own limit. */
export const arrayDimensionMax = 6;
/** Most digits behind the point of a numeric that is read, and most words before it; PostgreSQL's own limit is near. */
export const numericScaleMax = 16_383;
