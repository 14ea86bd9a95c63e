/** Most items of the lists of one value; some take no bytes. */
export const itemsMax = 100_000;
/** Deepest nesting of one value. */
export const valueDepthMax = 200;
