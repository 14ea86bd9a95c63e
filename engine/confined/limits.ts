/** Bytes before what a confined process is given or says: its length. */
export const pieceHeadBytes = 4;
/** Characters that are kept of what a confined process says about its end. */
export const confinedErrorMax = 2_000;
