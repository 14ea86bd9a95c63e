import type { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Vector } from './batch.ts';

/** Arguments of a model for some rows: a column for each parameter. */
export type Given = { readonly columns: readonly Vector[]; readonly size: number };

/** What a model answers them, and why it does not where it does not. */
export type Scored = { readonly vector: Vector; readonly errors: ReadonlyMap<number, StatementError> };

/** Who asks models of an environment, by their definitions. */
export type ModelCalls = {
  /** A model that answers at once; undefined where it has to be waited for. */
  atHand(definition: string): ((given: Given) => Scored) | undefined;
  score(definition: string, given: Given): Promise<Scored>;
};
