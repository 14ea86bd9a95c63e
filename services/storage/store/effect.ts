import type { EffectSource, LoggedEffect } from '#kernel/contract/implement.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { messageOf, wanting } from '../domain/notification.ts';
import { findBucket } from './bucket.ts';
import type { Catalog, Effect } from './catalog.ts';
import { readConfiguration } from './configuration.ts';
import { numberKey } from './key.ts';
import { effectsForgetMax, effectsReadMax } from './limits.ts';
import type { Partitions } from './partition.ts';
import { unpackEffect } from './veil.ts';

/** The effects logs of all partitions; that of the first has no name, as when it was the only one. */
export function effectSources({ all }: Partitions, region: string): EffectSource[] {
  return all.map(({ catalog, partition }) => effectSource(catalog, region, partition === 0 ? undefined : String(partition)));
}

/** The effects log as a source of audit: what changed objects was logged in the same commit as the change itself. */
export function effectSource(catalog: Catalog, region: string, name?: string): EffectSource {
  const { effect } = catalog.table;
  return {
    ...(name === undefined ? {} : { name }),
    async read(after, limit) {
      if (catalog.closed) return [];
      const found: LoggedEffect[] = [];
      // Only what is on disk is told: an offset that a crash takes back must not be known elsewhere.
      const range = effect.getRange({
        start: numberKey(after + 1n),
        end: numberKey(catalog.logged + 1n),
        limit: Math.min(limit, effectsReadMax),
      });
      for (const { value } of range) found.push(unpackEffect(value, catalog.veil));
      return found;
    },
    eventsOf: (effect) => notificationsOf(catalog, region, effect),
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

/** The messages that the bucket of an effect wants of it, by its notification of now. */
function notificationsOf(catalog: Catalog, region: string, effect: LoggedEffect & Pick<Effect, 'told'>) {
  if (!effect.told) return [];
  const bucket = findBucket(catalog, effect.name);
  const notification = bucket?.scope === effect.scope ? readConfiguration(catalog, bucket, 'notification') : undefined;
  if (!notification) return [];
  const { at, principal, requestId } = effect;
  const happened = { at, region, account: formatId(effect.scope), principal, requestId, bucket: effect.name, sequencer: effect.offset };
  return effect.told.flatMap((told) =>
    wanting(notification, told).map(({ id, topic }) => {
      const subject = `${effect.name}/${told.key}`;
      const message = messageOf(told, happened, id);
      return topic === undefined
        ? { event: 'ObjectNotification', subject, data: message }
        : { event: 'TopicMessage', subject, data: { topic, message } };
    }),
  );
}
