import { limit } from '#kernel/contract/limit.ts';

export const differenceLinesMax = limit(1500, 'line', 'Longest schema whose versions the console compares line by line.');
export const schemaHeadBytes = limit(
  5,
  'byte',
  'What a serialiser with a registry writes before a value: a zero, and the id of the schema.',
);
export const blockItemsMax = limit(10_000, 'item', 'Most items of one array or map of a record that the console decodes.');
export const referencesMax = limit(100, 'schema', 'Most schemas that the console reads one together with, because it names them.');
export const busyTopicsMax = limit(20, 'topic', 'Most topics that the overview of the log shows.');
