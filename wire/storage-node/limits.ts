/** Bytes of the head of a frame. */
export const frameHeadBytes = 20;
/** Largest piece of a file in bytes that one frame carries; longer reads and writes are of several. */
export const pieceMaxBytes = 1024 * 1024;
/** Largest body of a frame in bytes: a piece, and what stands before it. */
export const frameBodyMaxBytes = pieceMaxBytes + 1024;
/** Longest path below a drive, in bytes. */
export const pathMaxBytes = 255;
/** Longest path of a drive, in bytes. */
export const drivePathMaxBytes = 4096;
/** Most drives that one connection asks for. */
export const nodeDrivesMax = 255;
/** Longest code of an error, in bytes. */
export const codeMaxBytes = 32;
/** Longest sentence of an error, in bytes; it is cut. */
export const sentenceMaxBytes = 512;
