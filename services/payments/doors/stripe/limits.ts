import { limit } from '#kernel/contract/limit.ts';

export const formBytesMax = limit(1024 * 1024, 'byte', 'Largest form of a request to the Stripe API.');
export const answerBytesMax = limit(4 * 1024, 'byte', 'Largest form that the page of a challenge sends.');
export const uploadFieldsMaxBytes = limit(64 * 1024, 'byte', 'What an upload has besides its file.');
export const uploadPartsMax = limit(20, 'part', 'Most parts of an upload.');
export const formFieldsMax = limit(2_000, 'field', 'Most fields of a form.');
export const formDepthMax = limit(8, 'level', 'Deepest nesting of a form: a[b][c] has three levels.');
export const expandPathsMax = limit(20, 'path', 'Most paths that one request expands.');
export const expandDepthMax = limit(4, 'level', 'Deepest level that a request expands.');
export const expandedMax = limit(500, 'object', 'Most objects that one request expands.');
export const integerDigitsMax = limit(15, 'digit', 'Longest integer of a form.');
export const fractionDigitsMax = limit(4, 'digit', 'Most digits behind the point of a decimal of a form.');
