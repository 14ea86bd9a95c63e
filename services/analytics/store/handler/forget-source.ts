import type { Caller } from '#kernel/contract/caller.ts';
import type { Origin } from '../../domain/origin.ts';
import { forgetOrigin } from '../../jobs/postgres-intake.ts';
import type { Relation } from '../relation.ts';
import type { World } from './world.ts';

/** Ends what takes a source's rows, and takes away what was made for it at the other side. */
export async function forgetSource(
  { maintenance, connections, allow, kept }: World,
  caller: Caller,
  gone: Relation,
  origin: Origin,
): Promise<void> {
  await maintenance.forget(gone);
  if (origin.table === undefined) return;
  try {
    await forgetOrigin((await connections.open(caller, origin.connection)).spec, origin, allow);
  } catch (error) {
    // The source is gone whether the other side can be told or not.
    kept.log('warn', 'a replication slot could not be dropped', { error: String(error) });
  }
}
