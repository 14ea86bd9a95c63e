const kib = 1024;
const mib = 1024 * kib;

/** Milliseconds of silence after which a request is given up. */
export const idleMs = 30_000;
/** Most attempts of a request that the store does not answer. */
export const attemptsMax = 3;
/** Milliseconds before the second attempt, and so many more before each further one. */
export const againMs = 200;
/** Connections to one store; further requests wait. */
export const connectionsMax = 16;
/** Largest answer that is not an object's bytes. */
export const answerMaxBytes = 8 * mib;
/** Most bytes of an object that one read may ask for. */
export const readMaxBytes = 64 * mib;
/** Keys that one page of a list is asked for. */
export const pageKeys = 1000;
/** Most of an error's text that is passed on, in characters. */
export const errorTextMax = 300;
