import { limit } from '#kernel/contract/limit.ts';

export const meteredResourcesMax = limit(
  100,
  'resource',
  'Resources of an environment that a meter tells apart between two flushes of one process; the rest are counted together, as `*`.',
);
