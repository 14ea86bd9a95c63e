import type { Placed } from '#kernel/contract/provider.ts';
import type { World } from './world.ts';

/** Lets a view be computed by what a function or a plain view within it is now. */
export async function again({ relations, plans, maintenance }: World, at: Placed, name: string): Promise<void> {
  const view = await relations.find(at, name);
  if (!view) return;
  plans.forget(view.id);
  await maintenance.again(at, view);
}
