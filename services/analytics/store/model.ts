import type { Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { fault } from '#kernel/contract/fault.ts';
import { plainNetwork } from '#engine/tree/onnx-network.ts';
import { ModelError } from '#engine/tree/tree.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { type Routine, routineOf } from '../domain/routine.ts';
import { type Asking, modelOf, scoredBy, Unread } from '../engine/model.ts';
import { type Fit, fitOf } from '../engine/network/fit.ts';
import type { Asked, File, NetworkPool } from '../engine/network/pool.ts';
import { networkScored } from '../engine/network/score.ts';
import type { Answering, RoutineCalls } from '../engine/routine/calls.ts';
import type { RoutinePool } from '../engine/routine/pool.ts';
import type { Given, Scored } from '../engine/score.ts';
import { modelsKeptMax } from './limits.ts';

const aad = (hash: string) => `model ${hash}`;

/** A model that is asked here, or a network, which a process of the environment is asked. */
type Opened = { readonly kind: 'own'; readonly asking: Asking } | { readonly kind: 'network'; readonly fit: Fit };

/** Files of models, which functions are, sealed under the organization's key. */
export class Models {
  readonly #sql: Sql;
  readonly #sealer: Sealer;
  readonly #networks: NetworkPool;
  /** The last that was used stands last. */
  readonly #kept = new Map<string, Opened>();
  /** Functions with the modules that they were read from. */
  readonly #modules = new Map<string, string>();

  constructor(sql: Sql, sealer: Sealer, networks: NetworkPool) {
    this.#sql = sql;
    this.#sealer = sealer;
    this.#networks = networks;
  }

  seal(at: Placed, hash: string, file: Buffer): Promise<Buffer> {
    return this.#sealer.seal(at.tenant, file, aad(hash));
  }

  /** Reads a model. Throws StatementError for a file that is none, or that the function does not fit. */
  async read(at: Placed, routine: Routine, hash: string, file: () => Promise<Buffer>): Promise<Opened> {
    try {
      return { kind: 'own', asking: modelOf(routine, await file()) };
    } catch (error) {
      if (routine.language !== 'onnx' || !(error instanceof Unread)) throw error;
    }
    return { kind: 'network', fit: fitOf(await this.#networks.open(at, networkIn(hash, file)), routine) };
  }

  /** What answers at once; undefined where the model was not read yet, or is a network. */
  atHand(at: Placed, definition: string): ((given: Given) => Scored) | undefined {
    const routine = routineOf(definition);
    const opened = this.#kept.get(nameOf(at, routine));
    return opened?.kind === 'own' ? (given) => scoredBy(opened.asking, routine.returns, given) : undefined;
  }

  async score(at: Placed, definition: string, given: Given): Promise<Scored> {
    const routine = routineOf(definition);
    const file = () => this.#file(at, routine.body);
    const key = nameOf(at, routine);
    const opened = this.#kept.get(key) ?? (await this.read(at, routine, routine.body, file));
    this.#kept.delete(key);
    this.#kept.set(key, opened);
    if (this.#kept.size > modelsKeptMax) this.#kept.delete(this.#kept.keys().next().value as string);
    if (opened.kind === 'own') return scoredBy(opened.asking, routine.returns, given);
    const ask = (asked: Asked) => this.#networks.ask(at, networkIn(routine.body, file), asked);
    return await networkScored({ ...routine, fit: opened.fit, ask }, given);
  }

  /** A function of a file with what the file has in the place of its hash. */
  async withFile(at: Placed, definition: string): Promise<string> {
    const { file, ...routine } = routineOf(definition);
    if (!file) return definition;
    const key = `${at.tenant} ${at.scope} ${definition}`;
    const known = this.#modules.get(key) ?? JSON.stringify({ ...routine, body: (await this.#file(at, routine.body)).toString('base64') });
    this.#modules.delete(key);
    this.#modules.set(key, known);
    if (this.#modules.size > modelsKeptMax) this.#modules.delete(this.#modules.keys().next().value as string);
    return known;
  }

  async #file(at: Placed, hash: string): Promise<Buffer> {
    const { rows } = await this.#sql.as(at).query<{ sealed: Buffer }>('select sealed from model where hash = $1', [hash]);
    const [found] = rows;
    if (!found) throw fault('Unavailable', 'The file of the function was replaced meanwhile; ask again.');
    return this.#sealer.open(at.tenant, found.sealed, aad(hash));
  }
}

const nameOf = ({ tenant, scope }: Placed, { body, params, returns }: Routine): string =>
  `${tenant} ${scope} ${body} ${JSON.stringify([params, returns])}`;

/** The network in a file of ONNX. */
const networkIn = (hash: string, file: () => Promise<Buffer>): File => ({
  hash,
  async read() {
    try {
      return plainNetwork(await file());
    } catch (error) {
      if (error instanceof ModelError) throw new StatementError('42P13', `the file is no model of onnx that is served: ${error.message}`);
      throw error;
    }
  },
});

/** Calls of functions that are no SQL: models of trees and sums are asked here, others in processes of their environment. */
export class Routines implements RoutineCalls {
  readonly #pool: RoutinePool;
  readonly #models: Models;

  constructor(pool: RoutinePool, models: Models) {
    this.#pool = pool;
    this.#models = models;
  }

  of(at: Placed): Answering {
    const models = this.#models;
    const pooled = this.#pool.of(at);
    return {
      call: async (definition, rows) => await pooled(await models.withFile(at, definition), rows),
      models: {
        atHand: (definition) => models.atHand(at, definition),
        score: (definition, given) => models.score(at, definition, given),
      },
    };
  }
}
