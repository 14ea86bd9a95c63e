/** Deepest nesting of one message. */
export const valueDepthMax = 100;
/** Most values of one message, those of its own messages counted. */
export const valuesMax = 100_000;
