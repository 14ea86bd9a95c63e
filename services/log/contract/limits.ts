import { limit } from '#kernel/contract/limit.ts';

export const topicsMax = limit(2000, 'topic', 'Topics of one scope.');
export const topicNameMax = limit(249, 'character', 'Longest name of a topic, as in Apache Kafka.');
export const groupNameMax = limit(255, 'character', 'Longest name of a group or of a transactional producer.');
export const topicPartitionsMax = limit(1000, 'partition', 'Partitions of one topic.');
export const scopePartitionsMax = limit(4000, 'partition', 'Partitions of all topics of one scope.');
export const configsMax = limit(50, 'entry', "Entries of a topic's configuration in one request.");
export const configValueMax = limit(1000, 'character', 'Longest value of a configuration.');
export const recordsMax = limit(1000, 'record', 'Records in one produce over REST, and in one read.');
export const recordTextMax = limit(1024 * 1024, 'character', 'Longest key or value in JSON.');
export const producePerSecond = limit(512 * 1024 * 1024, 'byte per second', 'Bytes that producers of one scope may send.');
export const produceBurst = limit(1024 * 1024 * 1024, 'byte', 'Bytes that producers of one scope may send in a burst.');
export const fetchPerSecond = limit(1024 * 1024 * 1024, 'byte per second', 'Bytes that consumers of one scope may read.');
export const fetchBurst = limit(2 * 1024 * 1024 * 1024, 'byte', 'Bytes that consumers of one scope may read in a burst.');
