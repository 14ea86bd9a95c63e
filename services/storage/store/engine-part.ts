import { repairsShownMax } from '../contract/limits.ts';
import type { Rebuild } from '../jobs/drive-keeper.ts';
import type { IndexReport } from './index-keeper.ts';
import type { RemoteBlobs } from './remote.ts';
import type { ScrubReport } from './scrub.ts';
import type { Store } from './store.ts';

type Looked = { readonly rebuilding: Rebuild | undefined; readonly lastScrub: (ScrubReport & { readonly endedAt: number }) | undefined };

/** What one process tells of the partitions that it writes. */
export type EnginePart = ReturnType<typeof enginePart>;

const sumOf = <T>(all: readonly T[], count: (one: T) => number): number => all.reduce((sum, one) => sum + count(one), 0);

/** What is to be told of some partitions. */
export function enginePart(all: readonly Store[], { rebuilding, lastScrub }: Looked) {
  const states = all.flatMap(({ blobs }) => [...blobs.packs.extents.values()].map(({ state }) => state));
  const count = (state: string) => states.filter((one) => one === state).length;
  const waiting = all.map(({ upkeep }) => upkeep.waiting);
  const repairs = waiting.flatMap((one) => one.repairs);
  const remotes = all.flatMap(({ blobs }) => blobs.remote ?? []);
  return {
    repairsWaiting: repairs.length,
    unreadable: repairs.filter((one) => one.lost).length,
    repairs: repairs
      .slice(0, repairsShownMax)
      .map(({ place, shards, lost: unreadable }) => ({ id: place.id, size: place.size, shards: [...shards], unreadable })),
    extentsWaiting: sumOf(waiting, ({ extents }) => extents),
    extents: { open: count('open'), full: count('full'), sealed: count('sealed') },
    repaired: sumOf(all, ({ upkeep }) => upkeep.repaired),
    repairedBytes: sumOf(all, ({ upkeep }) => upkeep.repairedBytes),
    index: all.map(({ catalog, index }) => ({
      unsyncedSince: catalog.lag.since ?? null,
      copies: index.log.copies,
      logBytes: index.log.bytes,
      lastCheck: index.lastCheck ?? null,
    })),
    remotes: remotes.map(remoteOf),
    rebuilding: rebuilding ?? null,
    lastScrub: lastScrub ?? null,
  };
}

/** What is told of all partitions together, by whichever processes: of last looks, when the first of them ended. */
export function joinParts(parts: readonly EnginePart[]) {
  const remotes = parts.flatMap((part) => part.remotes);
  const rebuilds = parts.flatMap(({ rebuilding }) => rebuilding ?? []);
  const scrubs = parts.flatMap(({ lastScrub }) => lastScrub ?? []);
  const extents = (state: keyof EnginePart['extents']) => sumOf(parts, (part) => part.extents[state]);
  return {
    repairsWaiting: sumOf(parts, (part) => part.repairsWaiting),
    unreadable: sumOf(parts, (part) => part.unreadable),
    repairs: parts.flatMap(({ repairs }) => repairs).slice(0, repairsShownMax),
    extentsWaiting: sumOf(parts, (part) => part.extentsWaiting),
    extents: { open: extents('open'), full: extents('full'), sealed: extents('sealed') },
    repaired: sumOf(parts, ({ repaired }) => repaired),
    repairedBytes: sumOf(parts, ({ repairedBytes }) => repairedBytes),
    index: indexOf(parts.flatMap(({ index }) => index)),
    ...(remotes.length > 0 ? { remote: remotesOf(remotes) } : {}),
    ...(rebuilds.length > 0 ? { rebuilding: rebuildOf(rebuilds) } : {}),
    ...(scrubs.length === parts.length
      ? {
          lastScrub: {
            endedAt: Math.min(...scrubs.map(({ endedAt }) => endedAt)),
            bytes: sumOf(scrubs, ({ bytes }) => bytes),
            damagedShards: sumOf(scrubs, ({ damagedShards }) => damagedShards),
            damagedCopies: sumOf(scrubs, ({ damagedCopies }) => damagedCopies),
          },
        }
      : {}),
  };
}

/** The drive that was begun with first, and what all of them have made of it. */
function rebuildOf(rebuilds: readonly Rebuild[]): Rebuild {
  const [first] = rebuilds.toSorted((a, b) => a.startedAt - b.startedAt);
  const { drive, startedAt } = first!;
  return {
    drive,
    startedAt,
    bytes: sumOf(
      rebuilds.filter((one) => one.drive === drive),
      ({ bytes }) => bytes,
    ),
  };
}

function indexOf(all: EnginePart['index']) {
  const lags = all.flatMap(({ unsyncedSince }) => unsyncedSince ?? []);
  const checks: readonly IndexReport[] = all.flatMap(({ lastCheck }) => lastCheck ?? []);
  return {
    partitions: all.length,
    ...(lags.length > 0 ? { unsyncedSince: Math.min(...lags) } : {}),
    copies: Math.min(...all.map(({ copies }) => copies)),
    logBytes: sumOf(all, ({ logBytes }) => logBytes),
    ...(checks.length === all.length
      ? {
          lastCheck: {
            endedAt: Math.min(...checks.map(({ endedAt }) => endedAt)),
            rows: sumOf(checks, ({ rows }) => rows),
            wrong: sumOf(checks, ({ wrong }) => wrong),
            damagedCopies: sumOf(checks, ({ damagedCopies }) => damagedCopies),
          },
        }
      : {}),
  };
}

const remoteOf = ({ isAway, removal }: RemoteBlobs) => ({
  away: isAway,
  removalsWaiting: removal.waiting,
  lastSweep: removal.lastSweep ?? null,
});

function remotesOf(remotes: EnginePart['remotes']) {
  const sweeps = remotes.flatMap(({ lastSweep }) => lastSweep ?? []);
  return {
    away: remotes.some(({ away }) => away),
    removalsWaiting: sumOf(remotes, ({ removalsWaiting }) => removalsWaiting),
    ...(sweeps.length === remotes.length
      ? {
          lastSweep: {
            endedAt: Math.min(...sweeps.map(({ endedAt }) => endedAt)),
            objects: sumOf(sweeps, ({ objects }) => objects),
            orphans: sumOf(sweeps, ({ orphans }) => orphans),
            foreign: sumOf(sweeps, ({ foreign }) => foreign),
          },
        }
      : {}),
  };
}
