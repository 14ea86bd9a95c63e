/** Longest message that is read. */
export const iso20022MaxBytes = 16 * 1024 * 1024;
/** Most elements of a message that is read: some ten thousand transactions. */
export const iso20022ElementsMax = 400_000;
/** Deepest nesting of a message that is read. */
export const iso20022DepthMax = 24;
