import { limit } from '#kernel/contract/limit.ts';

export const topicBytesMax = limit(64 * 1024 * 1024, 'byte', 'Largest value of a topic for its largest batch.');
export const topicNameMax = limit(249, 'character', 'Longest name of a topic, as in Apache Kafka.');
export const epochMax = limit(32_766, 'epoch', 'Last epoch that a producer may get; one more is kept for fencing it.');
