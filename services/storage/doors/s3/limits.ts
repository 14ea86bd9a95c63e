import { limit } from '#kernel/contract/limit.ts';

const mib = 1024 * 1024;

export const xmlBodyMaxBytes = limit(2 * mib, 'byte', 'Largest XML body of a request: 10,000 parts or 1000 keys.');
export const selectBodyMaxBytes = limit(1024 * 1024, 'byte', 'Largest XML body of a query of an object.');
export const formFieldsMaxBytes = limit(64 * 1024, 'byte', 'Fields of a form before its file.');
export const formFieldsMax = limit(100, 'field', 'Most fields of a form before its file.');
export const bucketPageMax = limit(10_000, 'bucket', 'Largest page of a list of buckets.');
export const entityTagsMax = limit(100, 'tag', 'Most entity tags in one condition.');
