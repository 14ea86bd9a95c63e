import type { Handlers } from '#kernel/contract/call.ts';
import { fault } from '#kernel/contract/fault.ts';
import { domainStatesMax } from '../../contract/limits.ts';
import {
  type Domains,
  type DurabilityModel,
  meanYearsToLoss,
  ninesOf,
  simulateYearsToLoss,
  windowLoss,
  yearlyLoss,
} from '../../domain/durability.ts';
import { correlatedYearsToLoss, holding, raised, raiseFor, yearsToLoss } from '../../domain/failure-domain.ts';
import type { DriveKeeper } from '../../jobs/drive-keeper.ts';
import type { storage } from '../../service.ts';
import type { Room } from '../disk.ts';
import { type EnginePart, enginePart, joinParts } from '../engine-part.ts';
import type { Drive } from '../drive.ts';
import { failuresPlayedMax, livesAtOnce } from '../limits.ts';
import type { StorageNode } from '../node.ts';
import type { Store } from '../store.ts';

type Names = 'DescribeDrives' | 'EstimateDurability';

/** The handlers of the operations that tell of the drives. */
export function engineHandlers(
  store: Store,
  keeper: DriveKeeper,
  partsOfOthers: (signal: AbortSignal) => Promise<EnginePart[]>,
): Pick<Handlers<typeof storage>, Names> {
  const { all } = store.partitions;
  return {
    async DescribeDrives(call) {
      call.charge('request', 1);
      const { drives, lost, nodes } = store.blobs.drives;
      const rooms = await Promise.all(drives.map((drive) => drive.room()));
      const disks = rooms.map((room) => room?.disk);
      const parts = [enginePart(all, keeper), ...(await partsOfOthers(call.signal))];
      return {
        output: {
          drives: drives.map((drive, at) => ({
            number: drive.number,
            region: drive.spec.region,
            zone: drive.spec.zone,
            rack: drive.spec.rack,
            node: drive.spec.node,
            weight: drive.spec.weight,
            ...stateOf(drive, lost.has(drive.number)),
            sameDisk: disks.some((disk, other) => other !== at && disk !== undefined && disk === disks[at]),
            ...(drive.isIn ? roomOf(rooms[at]) : {}),
          })),
          ...(nodes.length > 0 ? { nodes: nodes.map(nodeOf) } : {}),
          failureDomains: new Set(disks.filter((disk) => disk !== undefined)).size,
          ...joinParts(parts),
          scrubDays: store.blobs.drives.scrubDays,
        },
      };
    },
    async EstimateDurability(call) {
      call.charge('request', 1);
      const { dataShards = 12, parityShards = 4, annualFailureRate = 0.0157, repairDays = 1, lives = 0 } = call.input;
      const { domains: count, domainFailureRate = 0.01 } = call.input;
      const model = { dataShards, parityShards, annualFailureRate, repairDays };
      const domains = count === undefined ? undefined : holding(model, { count, annualFailureRate: domainFailureRate });
      const byWindow = windowLoss(model);
      const correlated = domains && (correlatedYearsToLoss(model, domains, domainStatesMax) ?? tooMany());
      return {
        output: {
          ...told(meanYearsToLoss(model)),
          windowLoss: byWindow,
          windowNines: Math.min(ninesOf(byWindow), 99),
          ...(correlated === undefined ? {} : { correlated: told(correlated) }),
          ...(lives === 0 ? {} : { played: await play(model, domains, lives, call.signal) }),
          rawPerByte: (dataShards + parityShards) / dataShards,
        },
      };
    },
  };
}

function tooMany(): never {
  throw fault('BadInput', { path: '/domains', detail: 'With so many domains and so much parity the chain has too many states.' });
}

function told(mean: number) {
  // A time beyond all numbers is told as the greatest of them.
  const years = Math.min(mean, Number.MAX_VALUE);
  const annualLoss = yearlyLoss(years);
  return { meanYearsToLoss: years, annualLoss, nines: Math.min(ninesOf(annualLoss), 99) };
}

/** Plays lives in turns. At the rates of the world none would end; failures are raised until they do. */
async function play(model: DurabilityModel, domains: Domains | undefined, lives: number, signal: AbortSignal) {
  const by = raiseFor(model, domains, failuresPlayedMax, domainStatesMax) ?? tooMany();
  const worse = raised(model, domains, by);
  let years = 0;
  for (let done = 0; done < lives; done += livesAtOnce) {
    signal.throwIfAborted();
    const some = Math.min(livesAtOnce, lives - done);
    years += some * simulateYearsToLoss(worse.model, some, Math.random, worse.domains);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const chainYears = yearsToLoss(worse.model, worse.domains, domainStatesMax) ?? tooMany();
  return { lives, raisedBy: by, meanYears: years / lives, chainYears };
}

function stateOf(drive: Drive, rebuilding: boolean) {
  const { state } = drive;
  if (state.state === 'out') return { state: 'out' as const, reason: state.reason, since: state.since };
  return { state: rebuilding ? ('rebuilding' as const) : ('in' as const) };
}

function nodeOf({ name, address, isThere, reason, since, drives }: StorageNode) {
  return {
    name,
    address,
    state: isThere ? ('there' as const) : ('away' as const),
    since,
    drives: drives.map(({ number }) => number),
    ...(isThere || reason === undefined ? {} : { reason }),
  };
}

function roomOf(room: Room | undefined): { sizeBytes?: number; freeBytes?: number } {
  return room ? { sizeBytes: room.sizeBytes, freeBytes: room.freeBytes } : {};
}
