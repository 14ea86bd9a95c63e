import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { roundsMax } from './limits.ts';

/**
 * What a step asks of others, though it computes without waiting: what is not known yet is noted, stands for nothing meanwhile, and
 * is asked for before the step is made anew.
 */
export interface Asking {
  /** How much is noted that is not known. */
  readonly missing: number;
  /** Does what may ask. */
  within<T>(work: () => T): T;
  /** Asks for what is missing. */
  ask(): Promise<void>;
}

function attempted<T>(work: () => T): { readonly made: T } | { readonly error: unknown } {
  try {
    return { made: work() };
  } catch (error) {
    return { error };
  }
}

/** Does what computes without waiting, again until all that it asks is known; `undo` takes an attempt back. */
export async function answered<T>(askings: readonly Asking[], work: () => T, undo: () => void = () => undefined): Promise<T> {
  const whole = askings.reduce<() => T>((inner, asking) => () => asking.within(inner), work);
  for (let round = 0; ; round += 1) {
    const found = attempted(whole);
    const open = askings.filter(({ missing }) => missing > 0);
    if (open.length === 0) {
      if ('made' in found) return found.made;
      throw found.error;
    }
    undo();
    if (round >= roundsMax)
      throw new StatementError(sqlstates.tooComplex, 'functions and lookups ask too deeply with what others answered');
    for (const asking of open) await asking.ask();
  }
}
