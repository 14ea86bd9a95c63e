import type { EffectSource, LoggedEffect } from '#kernel/contract/implement.ts';
import type { Catalog } from './catalog.ts';
import { numberKey } from './key.ts';
import { effectsForgetMax, effectsReadMax } from './limits.ts';
import { unpack } from './record.ts';

/** The effects log as a source of audit: what changed objects was logged in the same commit as the change itself. */
export function effectSource(catalog: Catalog): EffectSource {
  const { effect } = catalog.table;
  return {
    async read(after, limit) {
      if (catalog.closed) return [];
      const found: LoggedEffect[] = [];
      // Only what is on disk is told: an offset that a crash takes back must not be known elsewhere.
      const range = effect.getRange({
        start: numberKey(after + 1n),
        end: numberKey(catalog.logged + 1n),
        limit: Math.min(limit, effectsReadMax),
      });
      for (const { value } of range) {
        const logged = unpack<LoggedEffect>(value);
        found.push({ ...logged, offset: BigInt(logged.offset) });
      }
      return found;
    },
    async forget(offset) {
      for (let dropped = effectsForgetMax; dropped === effectsForgetMax; ) {
        dropped = await catalog.commit(() => {
          const keys = [...effect.getKeys({ end: numberKey(offset + 1n), limit: effectsForgetMax })];
          for (const key of keys) effect.remove(key);
          return keys.length;
        });
      }
    },
    onMore: (wake) => catalog.onLogged(wake),
  };
}
