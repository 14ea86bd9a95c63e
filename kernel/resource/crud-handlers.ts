import type { Bytes } from '../contract/session.ts';
import type { Change, Envelope, Filter, Listed, Placed } from '../contract/provider.ts';
import { fault } from '../contract/fault.ts';
import { type KernelProvider, seenVersion } from './provider.ts';

/** The parts of a call that the handlers of a resource use. */
type ResourceCall = {
  readonly caller: Placed;
  readonly ref: { readonly name: string };
  readonly input: unknown;
  readonly signal: AbortSignal;
  readonly repeat: { readonly transaction: unknown } | undefined;
  visible(...operations: readonly never[]): Filter;
};
type Given = {
  name?: string;
  labels?: Record<string, string>;
  spec?: unknown;
  ifVersion?: string;
  after?: string;
  limit?: number;
  prefix?: string;
  from?: string;
};

const given = (call: ResourceCall) => call.input as Given;

/** The handlers of the operations that `crud(kind)` declares, over the kernel's provider. `countMax` is the kind's count quota. */
export function crudHandlers<const K extends string>(kind: K, provider: KernelProvider, countMax?: number) {
  const one = async (call: ResourceCall): Promise<{ output: never }> => {
    const found = await provider.get(call.caller, call.ref.name);
    if (!found) throw fault('NotFound', `There is no ${kind} ${call.ref.name}.`);
    return { output: found as never };
  };
  // Seen is what the caller may list by its name, or may read; and what they may not read they do not see by listing it.
  const seen = (call: ResourceCall, operation: string) => call.visible(operation as never, `Get${kind}` as never);
  const handlers = {
    async [`Create${kind}`](call: ResourceCall) {
      const { name = '', labels, spec } = given(call);
      return {
        output: await provider.put(call.caller, { name, labels: labels ?? {}, spec, ifVersion: '0' }, call.repeat?.transaction, countMax),
      };
    },
    [`Get${kind}`]: one,
    async [`List${kind}s`](call: ResourceCall): Promise<{ output: Listed }> {
      const { after, limit = 100, prefix } = given(call);
      return {
        output: await provider.list(
          call.caller,
          { limit, ...(after === undefined ? {} : { after }), ...(prefix === undefined ? {} : { prefix }) },
          seen(call, `List${kind}s`),
        ),
      };
    },
    async [`Update${kind}`](call: ResourceCall): Promise<{ output: Envelope }> {
      const { labels, spec, ifVersion } = given(call);
      await one(call);
      return { output: await provider.put(call.caller, { name: call.ref.name, labels, spec, ifVersion }, call.repeat?.transaction) };
    },
    async [`Delete${kind}`](call: ResourceCall) {
      await provider.delete(call.caller, call.ref.name, given(call).ifVersion, call.repeat?.transaction);
      return { output: {} };
    },
    async [`Watch${kind}s`](call: ResourceCall) {
      const { from = '' } = given(call);
      // A stream that has begun can tell no refusal, so what is asked for is looked at before.
      if (from !== '') seenVersion(from, BigInt((await provider.list(call.caller, { limit: 1 })).version));
      return { output: {}, body: lines(visibleOf(provider.watch(call.caller, from, call.signal), seen(call, `Watch${kind}s`))) };
    },
  };
  return handlers as unknown as {
    readonly [O in `${'Create' | 'Get' | 'Update' | 'Delete'}${K}` | `${'List' | 'Watch'}${K}s`]: (
      call: ResourceCall,
    ) => Promise<{ output: never; body?: Bytes }>;
  };
}

/** The changes of what may be seen, each decided when it comes. */
async function* visibleOf(changes: AsyncIterable<Change>, filter: Filter): AsyncGenerator<Change> {
  for await (const change of changes) if (change.type === 'bookmark' || filter.admits(change.resource)) yield change;
}

/** A watch as bytes: one change as one line of JSON in each chunk. */
async function* lines(changes: AsyncIterable<unknown>): Bytes {
  for await (const change of changes) yield Buffer.from(`${JSON.stringify(change)}\n`);
}
