/** Longest text of a code: what EMVCo lets it have. */
export const qrLengthMax = 512;
