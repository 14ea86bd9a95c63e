import type { Partitions } from '../partition.ts';
import type { Store } from '../store.ts';

/** What any partition may do: it finds the one that it is about by itself. */
const ofAny: ReadonlySet<string> = new Set(['ListBuckets', 'CreateBucket']);

type AnyCall = { readonly ref: { readonly name: string } };

/** The handlers of all partitions as one of each kind: a call goes to the partition of its bucket. */
export function eachInItsPartition<H extends object>(partitions: Partitions, handlersOf: (store: Store) => H): H {
  const made = new Map(partitions.all.map((store) => [store, handlersOf(store) as Record<string, (call: AnyCall) => unknown>]));
  const first = made.get(partitions.all[0]!)!;
  if (partitions.holders.length === 1) return first as H;
  const routed = Object.keys(first).map((operation) => [
    operation,
    (call: AnyCall) => {
      const holder = ofAny.has(operation) ? undefined : partitions.of(call.ref.name);
      return (holder ? made.get(holder)! : first)[operation]!(call);
    },
  ]);
  return Object.fromEntries(routed) as H;
}
