import { OperationError } from '#kernel/contract/fault.ts';
import type { Statement } from '#seams/sql/sql.ts';
import type { Fields, Thing } from '../domain/json.ts';
import { changeTriesMax } from './limits.ts';
import type { Kept } from './object.ts';
import { type Desk, eventsOf, found, type World } from './world.ts';

/** What becomes of an object: `mark` is what it is found by, besides its fields; `also` is done with it. */
export type Becoming = {
  readonly next: Thing;
  readonly hidden?: Fields;
  readonly mark?: string | null;
  readonly also?: readonly Statement[];
};

/** Changes an object by a function of what it is, anew when somebody else changed it meanwhile; with an event unless nothing changed. */
export async function changed(
  world: World,
  desk: Desk,
  kind: string,
  id: string,
  change: (kept: Kept) => Promise<Becoming> | Becoming,
  event?: string,
): Promise<Thing> {
  for (let tries = 1; ; tries += 1) {
    const kept = await found(world, desk.at, kind, id);
    const { next, hidden, mark, also = [] } = await change(kept);
    const events =
      event === undefined ? [] : await eventsOf(world, desk, [[event, next, event.endsWith('.updated') ? kept.thing : undefined]]);
    try {
      await world.objects.commit(desk.at, [await world.objects.change(desk.at, kept, next, hidden, mark), ...also, ...events]);
      return next;
    } catch (error) {
      const again = error instanceof OperationError && error.code === 'Conflict' && tries < changeTriesMax;
      if (!again) throw error;
    }
  }
}
