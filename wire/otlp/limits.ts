/** Deepest nesting of an OTLP message, attribute values included. */
export const otlpDepthMax = 24;
/** Most entries of all lists of one OTLP message. */
export const otlpItemsMax = 200_000;
