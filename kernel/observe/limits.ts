import { limit } from '#kernel/contract/limit.ts';

const kib = 1024;

export const logTextMax = limit(2048, 'character', 'Longest text in one field of a log line; the rest is cut.');
export const logDepthMax = limit(4, 'level', 'Deepest nesting of a field in a log line.');
export const logItemsMax = limit(32, 'item', 'Most entries of one list or object in a log line.');
export const logLineMaxBytes = limit(16 * kib, 'byte', 'Longest log line; fields that do not fit are left out.');
export const logLinesMax = limit(1000, 'line', 'Most log lines of one process in a second; the rest is counted and the count is logged.');

export const seriesMax = limit(1000, 'series', 'Most label combinations of one metric; more are counted under the label value `other`.');
export const labelValueMax = limit(128, 'character', 'Longest value of a label of a metric; the rest is cut.');
export const lagSampleMs = limit(250, 'ms', 'Time between two measurements of how late the event loop is.');
export const checksMax = limit(64, 'check', 'Most named checks of one process health.');
