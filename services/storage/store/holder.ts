import { fault } from '#kernel/contract/fault.ts';
import type { Store } from './store.ts';
import type { ForeignPartition } from './worker/foreign-partition.ts';

/** A partition as everybody may read it. */
export type Holder = Store | ForeignPartition;

export const isOwn = (holder: Holder): holder is Store => !('worker' in holder);

/** A partition that this process writes; Unavailable where another one does. */
export function ownOf(holder: Holder): Store {
  if (!isOwn(holder)) throw fault('Unavailable', 'Another process has this bucket.');
  return holder;
}
