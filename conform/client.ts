import type { Place } from './place.ts';

/** One thing a client was seen to do, or not to do. */
export type Check = { readonly title: string; readonly ok: boolean; readonly detail?: string };

/** A foreign client or suite, unmodified. Beside its module stands expected.txt, with the title of every check it must pass. */
export type Client = {
  readonly name: string;
  /** Installs what is missing, and says which version was found; or why it cannot run here. */
  setup(): Promise<{ readonly version: string } | { readonly skip: string }>;
  /** Runs against the platform that all clients share. */
  run(place: Place): Promise<{ readonly checks: readonly Check[] }>;
};

/** Runs a step and makes a check of whether it failed. */
export async function check(title: string, step: () => Promise<void>): Promise<Check> {
  try {
    await step();
    return { title, ok: true };
  } catch (error) {
    return { title, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** Steps of a scenario, one after the other, each a check of its own. */
export async function checksOf(steps: readonly (readonly [title: string, step: () => Promise<void>])[]): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [title, step] of steps) checks.push(await check(title, step));
  return checks;
}
