/** Longest text that is encrypted: card numbers have 19 digits, and a text of any other kind is no token. */
export const ff1LengthMax = 128;
/** Longest tweak, in bytes. */
export const tweakMaxBytes = 256;
/** Lengths and tweaks of which the first block is remembered. */
export const ff1PrefixesMax = 1024;
/** Most texts that go through the cipher together. */
export const ff1TogetherMax = 1024;
