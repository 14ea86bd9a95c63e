import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { Sealer } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { json, type Sql, type Statement } from '#seams/sql/sql.ts';
import type { Fields, Thing } from '../domain/json.ts';
import { type Claim, KeyTaken } from './claim.ts';
import type { Joint } from './commit.ts';
import { errorOf, keptError } from './fault.ts';
import { changeTriesMax, repeatKeptMs, sweptMax } from './limits.ts';
import type { Kept, Objects } from './object.ts';
import { Turns } from './turn.ts';

type Billing = 'tell' | 'finalize' | 'void' | 'balance' | 'credit_note' | 'transfer' | 'reverse';
export type StepKind =
  | 'authorize'
  | 'capture'
  | 'cancel'
  | 'increment'
  | 'wait'
  | 'settle'
  | 'refund'
  | 'dispute'
  | 'decide'
  | 'payout'
  | 'unpay'
  | 'payout_end'
  | 'fee_refund'
  | 'bank_entry'
  | 'bank_match'
  | 'bank_write_off'
  | 'fund'
  | Billing;

/**
 * Something that is about to move money. `subject` is the payment it is about; the same id is the same step forever. `made` are
 * objects that begin with the step, and are kept with what it ends in: until then they are known to the step alone.
 */
export type Step = {
  readonly id: string;
  readonly kind: StepKind;
  readonly subject: string;
  readonly input: Fields;
  readonly made?: readonly Kept[];
};

/** How a step ends: what is written down with it, its subject as it is then, and the refusal if there is one. */
export type Ending = {
  readonly statements: readonly Statement[];
  readonly after?: Thing;
  readonly refusal?: OperationError;
  /** A subject of which its statements leave steps open, to be taken up at once. */
  readonly then?: string;
  /** When something of what it leaves is due, in seconds since 1970. */
  readonly due?: number;
};

type Ended = Pick<Ending, 'after' | 'refusal'>;

/** Moves the money of a step and says what is to be written. Called again with the same step it does the same, and nothing twice. */
export type Mover = (at: Placed, step: Step) => Promise<Ending>;

type Row = { id: string; kind: StepKind; subject: string; input: Fields; sealed: Buffer | null };

/** Writes down what is about to be done, unless it stands there. */
export const intention = `insert into step (id, kind, subject, input, sealed)
  select * from unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::bytea[]) on conflict do nothing`;

/** Ends steps; the transaction comes to nothing when one of them has ended before. */
const ending = `with done as (update step set is_done = true, refusal = ended.refusal, sealed = null
    from unnest($1::text[], $2::jsonb[]) as ended(id, refusal) where step.id = ended.id and not is_done returning 1)
  select exactly_one(case when (select count(*) from done) = cardinality($1::text[]) then 1 else 0 end)`;

/**
 * Steps that move money: first the intention is written, then the ledger is asked, then all that follows is written at once.
 * Whoever finds an intention that nobody works on does it again: the ledger tells by the ids of its transfers what was done,
 * and the rest is done now. Nothing is guessed.
 *
 * A payment that is made and confirmed at once is such an intention before it is an object. Its key is taken first, then its step
 * is committed with all that the payment is made of, then the ledger is asked, and then the payment, its charge and its events are
 * written in the transaction that ends the step. Whoever dies before the step is committed has moved nothing; whoever dies after
 * it has left a step that is found, by the key's seed or by the sweep, and makes the same payment by the same ids.
 */
export class Steps {
  readonly #sql: Sql;
  readonly #sealer: Sealer;
  readonly #objects: Objects;
  readonly #movers: Readonly<Record<StepKind, Mover>>;
  readonly #turns = new Turns();
  /** Told when something becomes due by the time of the world. */
  onDue: (at: Placed, seconds: number) => void = () => undefined;

  constructor(sql: Sql, sealer: Sealer, objects: Objects, movers: Readonly<Record<StepKind, Mover>>) {
    this.#sql = sql;
    this.#sealer = sealer;
    this.#objects = objects;
    this.#movers = movers;
  }

  /** Works on a payment while nobody else here does, after what was left open of it has been finished. One that is new has nothing left. */
  on<T>(at: Placed, subject: string, work: () => Promise<T>, { isNew = false }: { isNew?: boolean } = {}): Promise<T> {
    return this.#turns.take(`${at.scope} ${subject}`, async () => {
      if (!isNew) await this.#mend(at, subject);
      return work();
    });
  }

  /** Takes a step, within `on`; throws its refusal, and answers its subject as it is then, where the step tells it. */
  async take(at: Placed, step: Step, claim?: Claim): Promise<Thing | undefined> {
    await this.#begin(at, step, claim);
    const { after, refusal } = await this.#finish(at, step, claim);
    if (refusal) throw refusal;
    return after;
  }

  async #begin(at: Placed, step: Step, claim: Claim | undefined): Promise<void> {
    const taking = claim?.taking();
    const intended = await this.#intended(at, step);
    try {
      await this.#objects.commit(at, taking ? [taking, intended] : [intended], 'intentions');
    } catch (error) {
      throw taking && error instanceof OperationError && error.code === 'Conflict' ? new KeyTaken() : error;
    }
    if (taking) claim?.taken();
  }

  async #intended(at: Placed, { id, kind, subject, input, made }: Step): Promise<Joint> {
    const sealed = made?.length && (await this.#sealer.seal(at.tenant, Buffer.from(JSON.stringify(made)), `step ${id}`));
    return { text: intention, params: [[id], [kind], [subject], [json(input)], [sealed || null]], joint: 'rows' };
  }

  async #opened(at: Placed, { sealed, ...step }: Row): Promise<Step> {
    if (sealed === null) return step;
    return { ...step, made: JSON.parse((await this.#sealer.open(at.tenant, sealed, `step ${step.id}`)).toString()) as Kept[] };
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
    // One that cannot be finished yet, because a network does not answer, is no reason to leave the others.
    const failed: unknown[] = [];
    for (const { subject } of rows) await this.on(at, subject, async () => undefined).catch((error: unknown) => failed.push(error));
    const old = BigInt(repeatKeptMs);
    await this.#sql.as(at).group([
      { text: `delete from step where is_done and at < now() - $1::bigint * interval '1 ms'`, params: [old] },
      { text: `delete from reply where at < now() - $1::bigint * interval '1 ms'`, params: [old] },
    ]);
    if (failed.length > 0) throw failed[0];
  }

  async #mend(at: Placed, subject: string): Promise<void> {
    const { rows } = await this.#sql
      .as(at)
      .query<Row>('select id, kind, subject, input, sealed from step where subject = $1 and not is_done order by at', [subject]);
    for (const row of rows) await this.#finish(at, await this.#opened(at, row));
  }

  async #finish(at: Placed, step: Step, claim?: Claim): Promise<Ended> {
    for (let tries = 1; ; tries += 1) {
      const ended = await this.#attempt(at, step, claim);
      if (ended !== 'changed') return ended;
      if (await this.wasTaken(at, step.id)) return {};
      if (tries >= changeTriesMax) throw fault('Unavailable', 'What it is about changes too fast.');
    }
  }

  /** Once: `changed` when what is written down for it was changed by somebody else meanwhile, or is there already. */
  async #attempt(at: Placed, step: Step, claim: Claim | undefined): Promise<Ended | 'changed'> {
    const { statements, after, refusal, then, due } = await this.#movers[step.kind](at, step);
    const done: Joint = { text: ending, params: [[step.id], [refusal ? json(keptError(refusal)) : null]], joint: 'rows' };
    const reply = after && !refusal ? await claim?.keeping(after) : undefined;
    try {
      await this.#objects.commit(at, [...statements, done, ...(reply ? [reply] : [])]);
      if (reply) claim?.kept();
    } catch (error) {
      if (!(error instanceof OperationError) || error.code !== 'Conflict') throw error;
      return 'changed';
    }
    if (due !== undefined) this.onDue(at, due);
    // What fails stays open, and the next sweep finds it.
    if (then !== undefined) void this.on(at, then, async () => undefined).catch(() => undefined);
    return { after, refusal };
  }
}
