import type { Placed } from '#kernel/contract/provider.ts';
import { targetOf } from '../domain/test-clock.ts';
import { clockKind } from './clock.ts';
import { dueAtOnceMax } from './limits.ts';
import { arrive } from './handler/test-clock.ts';
import type { Due } from './object.ts';
import type { World } from './world.ts';

/** What becomes of an object whose time has come; `now` is the time of its clock. When it is done, it is due later or never. */
export type Happening = (world: World, at: Placed, due: Due, now: number) => Promise<void>;
export type Happenings = Readonly<Record<string, Happening>>;

/** What is due in an environment by the time of the world; what fails stays due, and keeps nothing else waiting. */
export async function happen(world: World, happenings: Happenings, at: Placed, now: number, failed: (error: unknown) => void) {
  const tried = new Set<string>();
  for (;;) {
    const all = await world.objects.due(at, null, now, dueAtOnceMax + tried.size);
    const left = all.filter(({ id, due }) => !tried.has(`${id} ${due}`)).slice(0, dueAtOnceMax);
    if (left.length === 0) return;
    const outcomes = await Promise.allSettled(left.map((due) => happenings[due.kind]?.(world, at, due, now)));
    outcomes.forEach((outcome, index) => {
      if (outcome.status === 'fulfilled') return;
      failed(outcome.reason);
      tried.add(`${left[index]?.id} ${left[index]?.due}`);
    });
  }
}

/** Lets a clock go on to where it was sent: one thing after another, each at its own time. */
export async function goOn(world: World, happenings: Happenings, at: Placed, clock: string, signal: AbortSignal): Promise<void> {
  const kept = await world.objects.get(at, clockKind, clock);
  if (kept?.thing.status !== 'advancing') return;
  while (!signal.aborted) {
    const [next] = await world.objects.due(at, clock, targetOf(kept.thing), 1);
    if (next === undefined) return arrive(world, at, clock);
    await happenings[next.kind]?.(world, at, next, next.due);
  }
}
