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
export const frameBytes = limit(64 * 1024, 'byte', 'Bytes of an object at rest that are sealed as one frame; the last may be shorter.');
export const frameTagBytes = limit(16, 'byte', 'Bytes that sealing adds to a frame.');
export const tagKeyMax = limit(128, 'character', 'Longest key of a tag.');
export const tagValueMax = limit(256, 'character', 'Longest value of a tag.');
export const objectTagsMax = limit(10, 'tag', 'Most tags of an object.');
export const bucketTagsMax = limit(50, 'tag', 'Most tags of a bucket.');
export const grantsMax = limit(100, 'grant', 'Most grants of one access control list.');
export const policyMaxBytes = limit(20 * 1024, 'byte', 'Longest policy of a bucket.');
export const rulesMax = limit(1000, 'rule', 'Most rules of one configuration of a bucket.');
export const inventoriesMax = limit(1000, 'inventory', 'Most inventories of one bucket.');
export const inventoryIdMax = limit(64, 'character', 'Longest id of an inventory.');
export const bucketsMax = limit(100, 'bucket', 'Buckets of one scope.');
export const requestsPerSecond = limit(3500, 'request per second', 'Requests of one scope, as S3 grants a prefix.');
export const requestsBurst = limit(7000, 'request', 'Requests of one scope in a burst.');
export const livesMax = limit(20_000, 'life', 'Lives of a stripe that one estimate of durability plays out.');
export const domainStatesMax = limit(300, 'state', 'States of a chain in which whole failure domains fail; more are refused.');
export const repairsShownMax = limit(100, 'run', 'Runs of shards that wait for repair and are told one by one.');
export const simulatedMax = limit(50_000, 'version', 'Versions that one simulation of a lifecycle looks at; another goes on behind them.');
export const simulatedShownMax = limit(1000, 'version', 'Versions that a simulation of a lifecycle tells one by one.');
export const hotPrefixesMax = limit(100, 'prefix', 'Prefixes that one list of the hot ones tells.');
export const selectExpressionMaxBytes = limit(256 * 1024, 'byte', 'Longest SQL expression of a SelectObjectContent.');
export const selectRecordMaxBytes = limit(mib, 'byte', 'Longest record that SelectObjectContent reads, as S3 has it.');
export const selectDepthMax = limit(64, 'level', 'Deepest nesting of a SQL expression of a SelectObjectContent.');
export const selectItemsMax = limit(1024, 'expression', 'Most columns, and longest list, of a SQL expression of a SelectObjectContent.');
export const selectColumnsMax = limit(4096, 'field', 'Most fields of a record of CSV that SelectObjectContent reads.');
