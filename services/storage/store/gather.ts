import { sameBucket } from './bucket.ts';
import type { Grown } from './append.ts';
import { gatheredMaxBytes, gatheredMinBytes, gatherRuns } from './limits.ts';
import { addReceived, adopt, idKey, readLayout } from './object.ts';
import { putMaxBytes } from '../contract/limits.ts';
import { type BucketRecord, type LayoutRecord, pack, type Segment } from './record.ts';
import { openObject, type OpenSeal, plainSize, takeIn } from './seal.ts';
import { atStep } from './step.ts';
import type { Store } from './store.ts';
import { readObject } from './version.ts';

/** Thrown inside a commit when the runs are not those any more that were gathered. */
const moved = Symbol('the object was changed');

/**
 * Where the last runs of an object begin that are worth one run together: as many small ones of a kind. What was gathered is
 * of the next kind, so that every byte is gathered a few times at most, however small the appends are.
 */
function gatherable(segments: readonly Segment[]): number | undefined {
  const last = segments.slice(-gatherRuns);
  const kind = kindOf(plainSize(last.at(-1)!));
  const isWorth = last.length === gatherRuns && last.every((segment) => kindOf(plainSize(segment)) <= kind) && kind < kinds;
  return isWorth ? segments.length - gatherRuns : undefined;
}

/** Sizes from one to sixteen times the one before: how many, and which one a run is of. */
const kinds = Math.ceil(Math.log(gatheredMaxBytes / gatheredMinBytes) / Math.log(gatherRuns));
const kindOf = (size: number) => Math.max(0, Math.ceil(Math.log(size / gatheredMinBytes) / Math.log(gatherRuns)));

/** Makes one run of the last small runs of an object, so that what is appended to in little pieces is not read from thousands. */
export async function gatherRunsOf(
  store: Store,
  place: BucketRecord,
  key: string,
  grown: Grown,
  { seal, signal }: { readonly seal: OpenSeal | undefined; readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    const current = readObject(store.catalog, place, key);
    if (current?.id !== grown.object.id || current.size === 0) return;
    const { segments } = readLayout(store.catalog, current);
    const from = gatherable(segments);
    if (from === undefined) return;
    const runs = segments.slice(from);
    const body = await openObject(store, place, runs, { ...(seal ? { seal } : {}), done: store.blobs.pin(runs) });
    const rules = { maxBytes: putMaxBytes, mayWrite: store.mayWrite, signal };
    const received = await takeIn(store, place, body, { size: runs.reduce((sum, run) => sum + plainSize(run), 0) }, rules, seal);
    try {
      store.blobs.free(await adopt(store, received, () => replaceRuns(store, place, key, grown, { from, runs, by: received })));
    } catch (error) {
      if (error !== moved) throw error;
      return;
    }
  }
}

type Replacing = { readonly from: number; readonly runs: readonly Segment[]; readonly by: Parameters<typeof addReceived>[1] };

/** Answers the blobs that nothing points at any more. */
function replaceRuns(store: Store, place: BucketRecord, key: string, { object }: Grown, { from, runs, by }: Replacing): Promise<string[]> {
  const { catalog, blobs } = store;
  return catalog.commit(() => {
    const current = readObject(catalog, sameBucket(catalog, place), key);
    if (current?.id !== object.id || current.segment) throw moved;
    const { segments, parts } = readLayout(catalog, current);
    if (Buffer.compare(pack(segments.slice(from, from + runs.length)), pack(runs)) !== 0) throw moved;
    addReceived(store, by);
    const left = [...segments.slice(0, from), by.segment, ...segments.slice(from + runs.length)];
    catalog.table.layout.put(idKey(current.id), pack({ segments: left, parts } satisfies LayoutRecord));
    atStep('runs-gathered');
    return runs.flatMap((run) => blobs.release(run));
  }, place.relaxed);
}
