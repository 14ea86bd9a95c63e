/** Bytes before what a confined process is given or says: its length. */
export const pieceHeadBytes = 4;
/** Characters that are kept of what a confined process says about its end. */
export const confinedErrorMax = 2_000;
/** Kibibytes of a page of memory, in which the system counts. */
export const pageKib = 4;
/** Milliseconds of processor time in which the system counts. */
export const tickMs = 10;
/** How often a process that got no processor is waited for once more. */
export const starvedRounds = 8;
