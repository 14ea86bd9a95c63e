import { statSync } from 'node:fs';
import type { Handlers } from '#kernel/contract/call.ts';
import { meanYearsToLoss, ninesOf, windowLoss, yearlyLoss } from '../../domain/durability.ts';
import type { DriveKeeper } from '../../jobs/drive-keeper.ts';
import type { storage } from '../../service.ts';
import type { Drive } from '../drive.ts';
import type { Store } from '../store.ts';

type Names = 'DescribeDrives' | 'EstimateDurability';

/** The handlers of the operations that tell of the drives. */
export function engineHandlers(store: Store, keeper: DriveKeeper): Pick<Handlers<typeof storage>, Names> {
  const { blobs, index, upkeep } = store;
  return {
    async DescribeDrives(call) {
      call.charge('request', 1);
      const { drives, lost } = blobs.drives;
      const disks = drives.map(diskOf);
      const states = [...blobs.packs.extents.values()].map(({ state }) => state);
      const count = (state: string) => states.filter((one) => one === state).length;
      const { repairs, extents } = upkeep.waiting;
      const { rebuilding, lastScrub } = keeper;
      return {
        output: {
          drives: drives.map((drive, at) => ({
            number: drive.number,
            zone: drive.spec.zone,
            rack: drive.spec.rack,
            node: drive.spec.node,
            weight: drive.spec.weight,
            ...stateOf(drive, lost.has(drive.number)),
            sameDisk: disks.some((disk, other) => other !== at && disk !== undefined && disk === disks[at]),
          })),
          failureDomains: new Set(disks.filter((disk) => disk !== undefined)).size,
          repairsWaiting: repairs.length,
          unreadable: repairs.filter((one) => one.lost).length,
          extentsWaiting: extents,
          extents: { open: count('open'), full: count('full'), sealed: count('sealed') },
          repaired: upkeep.repaired,
          repairedBytes: upkeep.repairedBytes,
          index: {
            copies: index.log.copies,
            logBytes: index.log.bytes,
            ...(index.lastCheck ? { lastCheck: index.lastCheck } : {}),
          },
          ...(rebuilding ? { rebuilding } : {}),
          ...(lastScrub
            ? {
                lastScrub: {
                  endedAt: lastScrub.endedAt,
                  bytes: lastScrub.bytes,
                  damagedShards: lastScrub.damagedShards,
                  damagedCopies: lastScrub.damagedCopies,
                },
              }
            : {}),
        },
      };
    },
    async EstimateDurability(call) {
      call.charge('request', 1);
      const { dataShards = 12, parityShards = 4, annualFailureRate = 0.0157, repairDays = 1 } = call.input;
      const model = { dataShards, parityShards, annualFailureRate, repairDays };
      const years = meanYearsToLoss(model);
      const annualLoss = yearlyLoss(years);
      const byWindow = windowLoss(model);
      return {
        output: {
          meanYearsToLoss: years,
          annualLoss,
          nines: Math.min(ninesOf(annualLoss), 99),
          windowLoss: byWindow,
          windowNines: Math.min(ninesOf(byWindow), 99),
          rawPerByte: (dataShards + parityShards) / dataShards,
        },
      };
    },
  };
}

function stateOf(drive: Drive, rebuilding: boolean) {
  const { state } = drive;
  if (state.state === 'out') return { state: 'out' as const, reason: state.reason, since: state.since };
  return { state: rebuilding ? ('rebuilding' as const) : ('in' as const) };
}

/** The file system that a drive lies on; undefined when it cannot be looked at. */
function diskOf({ spec }: Drive): number | undefined {
  return statSync(spec.path, { throwIfNoEntry: false })?.dev;
}
