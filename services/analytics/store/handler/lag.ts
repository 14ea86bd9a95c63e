import type { World } from './world.ts';

/** How far a view or sink is behind its sources, and the workers that share it. */
export function behindOf({ lags, live }: Pick<World, 'lags' | 'live'>, id: bigint) {
  const shared = live.known(id)?.view.shared;
  const sharing = shared && { workers: shared.workers, ...shared.rings };
  return { lag: lags.of(id), ...(sharing ? { sharing } : {}) };
}
