import { mkdirSync } from 'node:fs';
import { fault } from '#kernel/contract/fault.ts';
import type { Fence, Row } from '#kernel/pair/fence.ts';
import { isWhole, markWhole, syncAll } from './file.ts';

/** What this process is to be: the leader, by the row as it has changed it, or the standby. */
export type Seat = { readonly leads: Row } | { readonly leads: undefined };

type Asked = { readonly fence: Fence; readonly names: readonly [string, string]; readonly self: string; readonly root: string };

/** Asks the row who leads. The first of the two makes it where there is none; processes that have a past do not begin one. */
export async function takeSeat({ fence, names, self, root }: Asked): Promise<Seat> {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  let row = await fence.read();
  if (!row && isWhole(root)) throw fault('LogElsewhere', 'PostgreSQL has forgotten who holds the log.');
  if (!row && self === names[0]) await fence.begin(self);
  row ??= await fence.read();
  const mayLead = isWhole(root) || (row?.epoch === 0n && self === names[0]);
  if (row?.holder !== self || !mayLead) return { leads: undefined };
  await syncAll(root);
  markWhole(root);
  const taken = await fence.swap(row, { ...row, epoch: row.epoch + 1n });
  return { leads: taken };
}

/** A log kept by one process alone, which was kept by two: it takes an epoch, or is refused where the other one holds it. */
export async function takeAlone(root: string, fence: Fence, self: string): Promise<void> {
  if (!isWhole(root)) return;
  const row = await fence.read();
  if (!row) return;
  if (row.holder !== self)
    throw fault('LogElsewhere', `The process ${row.holder} holds the log: start the platform with --standby log.`);
  if (!(await fence.swap(row, { epoch: row.epoch + 1n, holder: self, synced: false })))
    throw fault('Unavailable', 'Who holds the log is being changed.');
}
