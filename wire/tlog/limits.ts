/** Largest entry of a log: its length takes two bytes. */
export const entryBytesMax = 65_535;

/** Most signatures of one note. */
export const signaturesMax = 100;
