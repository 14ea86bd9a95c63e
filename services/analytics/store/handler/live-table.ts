import type { LiveTable } from '../../jobs/keep.ts';
import type { Pending } from '../pending.ts';
import type { World } from './world.ts';

/** A table that is there, or that a transaction made. */
export const liveTable = async ({ tables }: World, pending: Pending | undefined, id: bigint): Promise<LiveTable> =>
  pending?.live(id) ?? (await tables.get(id));
