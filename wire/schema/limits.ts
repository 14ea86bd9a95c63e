/** Deepest nesting of a schema. */
export const schemaDepthMax = 100;
/** Most parts of a schema in Protobuf. */
export const schemaNodesMax = 50_000;
/** Largest number of a field in Protobuf. */
export const fieldNumberMax = 536_870_911;
