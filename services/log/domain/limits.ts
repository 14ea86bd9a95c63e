import { limit } from '#kernel/contract/limit.ts';

export const topicBytesMax = limit(64 * 1024 * 1024, 'byte', 'Largest value of a topic for its largest batch.');
export const zstdLevelMin = limit(-131_072, 'level', 'Fastest level of zstd, as in Apache Kafka.');
export const zstdLevelMax = limit(22, 'level', 'Slowest level of zstd, as in Apache Kafka.');
export const topicNameMax = limit(249, 'character', 'Longest name of a topic, as in Apache Kafka.');
export const patternMax = limit(1000, 'character', 'Longest regular expression of a subscription that the broker tries.');
export const patternStepsMax = limit(500, 'step', 'Most steps that such an expression may compile to.');
export const patternSliceMs = limit(5, 'ms', 'Time for which names are tried on end before others have their turn.');
export const epochMax = limit(32_766, 'epoch', 'Last epoch that a producer may get; one more is kept for fencing it.');
export const schemaDepthMax = limit(100, 'level', 'Deepest nesting of a schema.');
export const schemaNodesMax = limit(50_000, 'node', 'Most parts of a schema in JSON Schema or Protobuf.');
export const schemaComparisonsMax = limit(500_000, 'pair', 'Most pairs of parts that one comparison of two schemas looks at.');
export const refusalsMax = limit(100, 'sentence', 'Most reasons that a check of compatibility tells.');
export const entityNameMax = limit(255, 'character', 'Longest name of a user or client that a quota is of.');
export const quotaSpanMs = limit(
  10_000,
  'ms',
  'Time whose quota may be used up at once, as in Apache Kafka (quota.window.num and quota.window.size.seconds).',
);
