import { limit } from '#kernel/contract/limit.ts';

const mib = 1024 * 1024;

export const keyMaxBytes = limit(1024, 'byte', 'Longest key of an object in UTF-8.');
export const objectMaxBytes = limit(5 * 1024 * 1024 * mib, 'byte', 'Largest object, made of parts.');
export const putMaxBytes = limit(5 * 1024 * mib, 'byte', 'Largest object or part sent in one request, and largest source copied in one.');
export const partMinBytes = limit(5 * mib, 'byte', 'Smallest part of a multipart upload other than its last.');
export const partNumberMax = limit(10_000, 'part', 'Most parts of one object.');
export const deleteKeysMax = limit(1000, 'key', 'Most keys in one DeleteObjects.');
export const listKeysMax = limit(1000, 'key', 'Largest page of a list of objects, uploads or parts.');
export const metadataMaxBytes = limit(2048, 'byte', 'User metadata of one object: the bytes of its names and values.');
export const headerValueMax = limit(
  4096,
  'character',
  'Longest stored header such as Content-Type, and longest key or prefix that is looked at before its bytes are counted.',
);
export const metadataNamesMax = limit(128, 'name', 'Most names of user metadata of one object.');
export const bucketsMax = limit(100, 'bucket', 'Buckets of one scope.');
export const requestsPerSecond = limit(3500, 'request per second', 'Requests of one scope, as S3 grants a prefix.');
export const requestsBurst = limit(7000, 'request', 'Requests of one scope in a burst.');
