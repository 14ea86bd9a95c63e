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
export const tracesPerSecondMax = limit(
  20,
  'trace',
  'Traces that a process begins by itself in a second; what a caller traces is kept besides.',
);
export const operationKeysMax = limit(
  20_000,
  'window',
  'Most windows of environment, operation, outcome and minute that wait in one process to be reported.',
);
export const spansKeptMax = limit(4096, 'span', 'Most spans that wait in one process to be reported or exported; then the oldest go.');
export const reportMs = limit(2000, 'ms', 'How often a process reports its work to telemetry.');
export const reportAnswerMs = limit(10_000, 'ms', 'Longest wait for telemetry to take a report.');
export const reportWindowsMax = limit(2000, 'window', 'Most windows of one report.');
export const reportSpansMax = limit(1000, 'span', 'Most spans of one report.');
export const reportMaxBytes = limit(16 * 1024 * kib, 'byte', 'Largest report.');
export const exportMs = limit(5000, 'ms', 'How often a process sends its spans and metrics to the OTLP address of the operator.');
export const exportTimeoutMs = limit(10_000, 'ms', 'Longest wait for the OTLP address of the operator.');
export const exemplarAgeMs = limit(60_000, 'ms', 'Age at which a bucket takes a new exemplar though the old one is slower.');
export const personalTextMin = limit(3, 'character', 'Shortest personal text that is hidden in logs; shorter ones stand in every word.');
