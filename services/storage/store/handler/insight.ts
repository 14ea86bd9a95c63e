import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import { simulatedMax } from '../../contract/limits.ts';
import { checkLifecycle } from '../../domain/lifecycle.ts';
import type { StorageClass } from '../../domain/storage-class.ts';
import type { storage } from '../../service.ts';
import { bucketOf } from '../bucket.ts';
import { readConfiguration } from '../configuration.ts';
import { explainAccess } from '../explain.ts';
import { simulateLifecycle, type SimulatedItem } from '../lifecycle.ts';
import { heatHalfLifeMs } from '../limits.ts';
import type { Store } from '../store.ts';
import { payerOf } from './bill.ts';
import { checkKey } from './call.ts';

type Names = 'SimulateLifecycle' | 'ExplainObjectAccess' | 'ListHotPrefixes';
type Total = Pick<SimulatedItem, 'act' | 'rule'> & { storageClass?: StorageClass; count: number; sizeBytes: number; locked: number };

/** The handlers of the operations that tell what would be, and what goes on. */
export function insightHandlers(store: Store): Pick<Handlers<typeof storage>, Names> {
  const { catalog } = store;
  return {
    async SimulateLifecycle(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      const { rules: draft, afterDays = 0, limit = 100, keyMarker = '' } = call.input;
      const kept = draft ? checkLifecycle({ rules: draft }) : readConfiguration(catalog, bucket, 'lifecycle');
      if (!kept) throw fault('NoSuchLifecycleConfiguration');
      const at = store.now() + afterDays * store.dayMs;
      const items: (SimulatedItem & { storageClass?: StorageClass })[] = [];
      const totals = new Map<string, Total>();
      const asked = { rules: kept.rules, at, from: keyMarker, looksMax: simulatedMax };
      const { looked, next } = await simulateLifecycle(store, bucket, asked, (item) => {
        count(totals, item);
        if (items.length < limit) items.push(item as (typeof items)[number]);
      });
      return {
        output: {
          at,
          looked,
          complete: next === undefined,
          ...(next === undefined ? {} : { nextKeyMarker: next }),
          totals: [...totals.values()],
          items,
        },
      };
    },
    async ExplainObjectAccess(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      if (call.input.key !== undefined) checkKey(call.input.key);
      return { output: explainAccess(store, bucket, call.input, call.caller) };
    },
    async ListHotPrefixes(call) {
      const bucket = bucketOf(catalog, call.ref.name);
      call.charge('request', 1, payerOf(call, bucket));
      const { by = 'requests', prefix = '', limit = 20 } = call.input;
      const { perSecond, items } = store.heat.read(bucket, by);
      const below = items.filter((item) => item.prefix.startsWith(prefix));
      return { output: { halfLifeMs: heatHalfLifeMs, perSecond, items: below.slice(0, limit) } };
    },
  };
}

function count(totals: Map<string, Total>, { act, rule, storageClass, size, locked }: SimulatedItem): void {
  const name = `${act} ${storageClass ?? ''} ${rule}`;
  const kept = totals.get(name) ?? {
    act,
    rule,
    ...(storageClass === undefined ? {} : { storageClass: storageClass as StorageClass }),
    count: 0,
    sizeBytes: 0,
    locked: 0,
  };
  totals.set(name, kept);
  if (locked) kept.locked += 1;
  else {
    kept.count += 1;
    kept.sizeBytes += size;
  }
}
