import type { Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { isModel, type Routine, routineOf } from '../domain/routine.ts';
import { modelOf, predicted, type Scored } from '../engine/model.ts';
import type { CallRoutines, Reply, RoutinePool } from '../engine/routine/pool.ts';
import { modelsKeptMax } from './limits.ts';

const aad = (hash: string) => `model ${hash}`;

/** Files of models, which functions are, sealed under the organization's key. */
export class Models {
  readonly #sql: Sql;
  readonly #sealer: Sealer;
  /** The last that was used stands last. */
  readonly #kept = new Map<string, Scored>();

  constructor(sql: Sql, sealer: Sealer) {
    this.#sql = sql;
    this.#sealer = sealer;
  }

  seal(at: Placed, hash: string, file: Buffer): Promise<Buffer> {
    return this.#sealer.seal(at.tenant, file, aad(hash));
  }

  async predict(at: Placed, routine: Routine, rows: readonly (readonly unknown[])[]): Promise<Reply[]> {
    const { body, params, returns } = routine;
    const key = `${at.tenant} ${at.scope} ${body} ${JSON.stringify([params, returns])}`;
    const model = this.#kept.get(key) ?? modelOf(routine, await this.#file(at, body));
    this.#kept.delete(key);
    this.#kept.set(key, model);
    if (this.#kept.size > modelsKeptMax) this.#kept.delete(this.#kept.keys().next().value as string);
    return predicted(model, returns, rows);
  }

  async #file(at: Placed, hash: string): Promise<Buffer> {
    const { rows } = await this.#sql.as(at).query<{ sealed: Buffer }>('select sealed from model where hash = $1', [hash]);
    const [found] = rows;
    if (!found) throw fault('Unavailable', 'The model was replaced meanwhile; ask again.');
    return this.#sealer.open(at.tenant, found.sealed, aad(hash));
  }
}

/** Calls of functions that are no SQL: models are asked here, others in the process of their environment. */
export class Routines {
  readonly #pool: RoutinePool;
  readonly #models: Models;

  constructor(pool: RoutinePool, models: Models) {
    this.#pool = pool;
    this.#models = models;
  }

  of(at: Placed): CallRoutines {
    const pooled = this.#pool.of(at);
    return (definition, rows) => {
      const routine = routineOf(definition);
      return isModel(routine.language) ? this.#models.predict(at, routine, rows) : pooled(definition, rows);
    };
  }
}
