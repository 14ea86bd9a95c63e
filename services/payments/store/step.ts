import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { json, type Sql, type Statement } from '#seams/sql/sql.ts';
import type { Fields } from '../domain/json.ts';
import { errorOf, keptError } from './fault.ts';
import { changeTriesMax, repeatKeptMs, sweptMax } from './limits.ts';
import type { Objects } from './object.ts';
import { Turns } from './turn.ts';

type Billing = 'finalize' | 'void' | 'balance' | 'credit_note' | 'transfer' | 'reverse';
export type StepKind = 'authorize' | 'capture' | 'cancel' | 'increment' | 'refund' | 'dispute' | 'decide' | 'payout' | 'unpay' | Billing;

/** Something that is about to move money. `subject` is the payment it is about; the same id is the same step forever. */
export type Step = { readonly id: string; readonly kind: StepKind; readonly subject: string; readonly input: Fields };

/** How a step ends: what is written down with it, and the refusal if there is one. */
export type Ending = { readonly statements: readonly Statement[]; readonly refusal?: OperationError };

/** Moves the money of a step and says what is to be written. Called again with the same step it does the same, and nothing twice. */
export type Mover = (at: Placed, step: Step) => Promise<Ending>;

type Row = { id: string; kind: StepKind; subject: string; input: Fields };

/**
 * Steps that move money: first the intention is written, then the ledger is asked, then all that follows is written at once.
 * Whoever finds an intention that nobody works on does it again: the ledger tells by the ids of its transfers what was done,
 * and the rest is done now. Nothing is guessed.
 */
export class Steps {
  readonly #sql: Sql;
  readonly #objects: Objects;
  readonly #movers: Readonly<Record<StepKind, Mover>>;
  readonly #turns = new Turns();

  constructor(sql: Sql, objects: Objects, movers: Readonly<Record<StepKind, Mover>>) {
    this.#sql = sql;
    this.#objects = objects;
    this.#movers = movers;
  }

  /** Works on a payment while nobody else here does, after what was left open of it has been finished. */
  on<T>(at: Placed, subject: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(`${at.scope} ${subject}`, async () => {
      await this.#mend(at, subject);
      return work();
    });
  }

  /** Takes a step, within `on`; throws its refusal. */
  async take(at: Placed, step: Step): Promise<void> {
    await this.#sql
      .as(at)
      .query('insert into step (id, kind, subject, input) values ($1, $2, $3, $4) on conflict do nothing', [
        ...[step.id, step.kind, step.subject],
        json(step.input),
      ]);
    const refusal = await this.#finish(at, step);
    if (refusal) throw refusal;
  }

  /** Whether a step was taken and finished before; throws what refused it. */
  async wasTaken(at: Placed, id: string): Promise<boolean> {
    const { rows } = await this.#sql.as(at).query<{ refusal: Fields | null }>('select refusal from step where id = $1 and is_done', [id]);
    if (rows[0]?.refusal) throw errorOf(rows[0].refusal);
    return rows.length > 0;
  }

  /** Finishes what was left open in an environment, and forgets what is long done. */
  async sweep(at: Placed): Promise<void> {
    const { rows } = await this.#sql
      .as(at)
      .query<{ subject: string }>('select distinct subject from step where not is_done limit $1', [sweptMax]);
    for (const { subject } of rows) await this.on(at, subject, async () => undefined);
    const old = BigInt(repeatKeptMs);
    await this.#sql.as(at).group([
      { text: `delete from step where is_done and at < now() - $1::bigint * interval '1 ms'`, params: [old] },
      { text: `delete from reply where at < now() - $1::bigint * interval '1 ms'`, params: [old] },
    ]);
  }

  async #mend(at: Placed, subject: string): Promise<void> {
    const { rows } = await this.#sql
      .as(at)
      .query<Row>('select id, kind, subject, input from step where subject = $1 and not is_done order by at', [subject]);
    for (const step of rows) await this.#finish(at, step);
  }

  async #finish(at: Placed, step: Step): Promise<OperationError | undefined> {
    for (let tries = 1; ; tries += 1) {
      const ended = await this.#attempt(at, step);
      if (ended !== 'changed') return ended;
      if (await this.wasTaken(at, step.id)) return undefined;
      if (tries >= changeTriesMax) throw fault('Unavailable', 'What it is about changes too fast.');
    }
  }

  /** Once: `changed` when what is written down for it was changed by somebody else meanwhile, or is there already. */
  async #attempt(at: Placed, step: Step): Promise<OperationError | undefined | 'changed'> {
    const { statements, refusal } = await this.#movers[step.kind](at, step);
    const done: Statement = {
      text: `with done as (update step set is_done = true, refusal = $2 where id = $1 and not is_done returning 1)
             select exactly_one((select count(*) from done))`,
      params: [step.id, refusal ? json(keptError(refusal)) : null],
    };
    try {
      await this.#objects.commit(at, [...statements, done]);
    } catch (error) {
      if (!(error instanceof OperationError) || error.code !== 'Conflict') throw error;
      return 'changed';
    }
    return refusal;
  }
}
