/** Most trees of one model. */
export const treesMax = 20_000;
/** Most nodes of one tree. */
export const nodesMax = 1_000_000;
/** Deepest tree. */
export const depthMax = 512;
/** Most features of one model. */
export const featuresMax = 100_000;
/** Most classes of one model. */
export const classesMax = 10_000;
/** Largest category that a tree may ask for. */
export const categoryMax = 1_000_000;
/** Rows that are scored together. */
export const blockRows = 64;
/** Bins of one feature in training; the last is of rows that have no number. */
export const binsMax = 256;
/** Rows that the bins of a feature are found from. */
export const binnedRowsMax = 200_000;
/** Rows that are scored at once where a vector holds a byte of each. */
export const lanes = 16;
/** Deepest tree that is laid out whole: leaves have numbers of a byte. */
export const laneDepthMax = 8;
/** Most bytes that a model takes so. */
export const laneBytesMax = 64 * 1024 * 1024;
/** Thresholds of one column of codes. */
export const laneThresholdsMax = 254;
/** A page of WebAssembly's memory. */
export const lanePageBytes = 65_536;
/** Graphs of a network that stand in each other. */
export const graphDepthMax = 16;
