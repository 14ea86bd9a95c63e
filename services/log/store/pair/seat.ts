import { mkdirSync } from 'node:fs';
import { fault } from '#kernel/contract/fault.ts';
import type { Fence, Row } from '#kernel/pair/fence.ts';
import { firstRow, takeAlone } from '#kernel/pair/seat.ts';
import { isWhole, markWhole, syncAll } from './file.ts';

/** What this process is to be: the leader, by the row as it has changed it, or the standby. */
export type Seat = { readonly leads: Row } | { readonly leads: undefined };

type Asked = { readonly fence: Fence; readonly names: readonly [string, string]; readonly self: string; readonly root: string };

/** Asks the row who leads. The first of the two makes it where there is none; processes that have a past do not begin one. */
export async function takeSeat({ fence, names, self, root }: Asked): Promise<Seat> {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const hasPast = isWhole(root);
  const row = await firstRow({ fence, names, self, hasPast }, () => fault('LogElsewhere', 'PostgreSQL has forgotten who holds the log.'));
  const mayLead = hasPast || (row?.epoch === 0n && self === names[0]);
  if (row?.holder !== self || !mayLead) return { leads: undefined };
  await syncAll(root);
  markWhole(root);
  const taken = await fence.swap(row, { ...row, epoch: row.epoch + 1n });
  return { leads: taken };
}

/** A log kept by one process alone, where it was kept by two: refused while the other one holds it. */
export async function takeLog(root: string, fence: Fence, self: string): Promise<void> {
  if (!isWhole(root)) return;
  await takeAlone(fence, self, (holder) =>
    fault('LogElsewhere', `The process ${holder} holds the log: start the platform with --standby log.`),
  );
}
