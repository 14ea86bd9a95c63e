import { fault } from '../contract/fault.ts';
import type { Fence, Row } from './fence.ts';

/** Two processes of a service as one of them sees them; the first of the names begins. */
export type Seating = {
  readonly fence: Fence;
  readonly names: readonly [string, string];
  readonly self: string;
  /** Whether this process has been one of two before. */
  readonly hasPast: boolean;
};

/** The row; the first of the two makes it where there is none. Processes that have a past do not begin one. */
export async function firstRow({ fence, names, self, hasPast }: Seating, forgotten: () => Error): Promise<Row | undefined> {
  const row = await fence.read();
  if (row) return row;
  if (hasPast) throw forgotten();
  if (self === names[0]) await fence.begin(self);
  return fence.read();
}

/** A service kept by one process alone, which was kept by two: it takes an epoch, or is refused where the other one holds it. */
export async function takeAlone(fence: Fence, self: string, elsewhere: (holder: string) => Error): Promise<void> {
  const row = await fence.read();
  if (!row) return;
  if (row.holder !== self) throw elsewhere(row.holder);
  if (!(await fence.swap(row, { epoch: row.epoch + 1n, holder: self, synced: false })))
    throw fault('Unavailable', 'Who holds the service is being changed.');
}
