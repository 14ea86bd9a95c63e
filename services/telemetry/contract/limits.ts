import { limit } from '#kernel/contract/limit.ts';

const mib = 1024 * 1024;

export const exportMaxBytes = limit(16 * mib, 'byte', 'Largest OTLP request, after decompression.');
export const exportsPerSecond = limit(200, 'request per second', 'OTLP requests of one environment.');
export const exportsBurst = limit(1000, 'request', 'OTLP requests of one environment in a burst.');
export const attributesMax = limit(128, 'attribute', 'Most attributes of one record; more are left out.');
export const attributeTextMax = limit(4096, 'character', 'Longest text of an attribute; the rest is cut.');
export const bodyTextMax = limit(32_768, 'character', 'Longest text of a log record; the rest is cut.');
export const nameTextMax = limit(255, 'character', 'Longest name of a span, metric, label or program; the rest is cut.');
export const labelsMax = limit(48, 'label', 'Most labels of one metric series; more are left out.');
export const spanEventsMax = limit(128, 'event', 'Most events of one span; more are left out.');
export const bucketsMax = limit(200, 'bucket', 'Most buckets of one histogram; a histogram with more is refused.');
export const seriesMax = limit(10_000, 'series', 'Metric series of one environment; points of further ones are refused.');
export const futureMaxMs = limit(3_600_000, 'ms', 'How far in the future a record may be; later ones are refused.');
export const retentionDaysMax = limit(400, 'day', 'Longest that telemetry is kept.');
export const pageMax = limit(1000, 'item', 'Largest page of logs, traces or metrics.');
export const traceSpansMax = limit(5000, 'span', 'Most spans that one trace is shown with.');
export const pointsReadMax = limit(200_000, 'point', 'Most points that one query of metrics reads; a query that needs more is refused.');
export const stepsMax = limit(1500, 'step', 'Most steps of one query over time.');
export const filterTextMax = limit(512, 'character', 'Longest text of a filter.');
export const knownSeriesMax = limit(50_000, 'series', 'Metric series that the process remembers as stored already.');
export const sweepMs = limit(3_600_000, 'ms', 'How often telemetry drops what is no longer kept.');
export const anomalyHistoryMax = limit(10_080, 'measurement', 'Most measurements of one series that anomalies are judged by.');
export const anomalySeasonsMin = limit(2, 'season', 'Seasons that must have been seen before anything is called an anomaly.');
export const objectivesMax = limit(100, 'objective', 'Objectives of one environment.');
export const subjectRowsMax = limit(500, 'row', 'Rows about a subject that are read at once for an export.');
export const personalDaysMax = limit(
  30,
  'day',
  'Days after which attributes that name a person are blanked, however long the signal is kept.',
);
