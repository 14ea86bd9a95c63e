/** Largest entry of a log: its length takes two bytes. */
export const entryBytesMax = 65_535;

/** Most signatures of one note. */
export const signaturesMax = 100;

/** C2SP tlog-witness: most lines of a consistency proof. */
export const consistencyLinesMax = 63;

/** Most logs, witnesses and groups of one policy. */
export const policyNamesMax = 200;
