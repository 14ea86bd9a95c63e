import { OperationError } from '#kernel/contract/fault.ts';
import type { Sealer } from '#kernel/contract/implement.ts';
import type { RepeatEntry, RepeatOutcome, RepeatStore, StoredReply } from '#kernel/contract/repeat.ts';
import type { Sql } from '#seams/sql/sql.ts';
import { newSeed } from '../domain/id.ts';
import type { Fields } from '../domain/json.ts';
import { Claims, type Repetition } from './claim.ts';
import type { Commits, Joint } from './commit.ts';
import { errorOf, keptError, refusalOf } from './fault.ts';
import { holdRenewMs, holdSilentMs, repeatKeptMs } from './limits.ts';
import type { Secrets } from './secret.ts';
import { Turns } from './turn.ts';

type Row = { operation: string; hash: Buffer; seed: string; boot: string; status: number | null; sealed: Buffer | null };

type Options = {
  readonly sql: Sql;
  readonly commits: Commits;
  readonly sealer: Sealer;
  readonly secrets: Secrets;
  readonly boot: string;
};

const failed = 402;
/** Letters of a keyed hash. */
const hashLength = 40;

const takingKeys = `insert into reply (key, operation, hash, seed, boot)
  select * from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[])
  on conflict (tenant, scope, key) do update set operation = excluded.operation, hash = excluded.hash, seed = excluded.seed,
    boot = excluded.boot, status = null, sealed = null, at = now(), held_at = now()
    where reply.at < now() - interval '${repeatKeptMs} ms' returning key, seed`;

/** The same within a transaction of the work, which ends when one of the keys is another's. */
const claiming = `with taken as (${takingKeys})
  select exactly_one(case when (select count(*) from taken) = cardinality($1::text[]) then 1 else 0 end)`;

/** An insertion, because PostgreSQL finds each key of one by the index, and of an update may read all that there are. */
const keeping = `insert into reply (key, operation, hash, seed, boot, status, sealed)
  select * from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::int[], $7::bytea[])
  on conflict (tenant, scope, key) do update set status = excluded.status, sealed = excluded.sealed`;

/** Operations that take their key with what they begin: nothing is done before their first transaction. */
const claimed: ReadonlySet<string> = new Set(['CreatePaymentIntent']);

/** Says of the keys that this process works under that it still does, so that others know which of theirs nobody holds any more. */
class Holding {
  readonly #sql: Sql;
  readonly #boot: string;
  readonly #held = new Map<RepeatEntry, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(sql: Sql, boot: string) {
    this.#sql = sql;
    this.#boot = boot;
  }

  hold(entry: RepeatEntry): void {
    this.#held.set(entry, Date.now());
    this.#timer ??= setInterval(() => void this.#renew(), holdRenewMs).unref();
  }

  release(entry: RepeatEntry): void {
    this.#held.delete(entry);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** What just began is known to be held. A renewal that fails is made up for by the next, or another process goes on with the work. */
  async #renew(): Promise<void> {
    const long = [...this.#held].filter(([, since]) => Date.now() - since >= holdRenewMs).map(([entry]) => entry);
    const places = Map.groupBy(long, ({ scope }) => scope);
    await Promise.allSettled(
      [...places.values()].map((entries) =>
        this.#sql
          .as(entries[0] as RepeatEntry)
          .query('update reply set held_at = now() where boot = $1 and status is null and key = any($2::text[])', [
            this.#boot,
            entries.map(({ key }) => key),
          ]),
      ),
    );
  }
}

/**
 * Keeps replies to requests with an idempotency key. The key is taken before the work begins, in another transaction,
 * because money moves outside of SQL; work that died is begun again under the same seed, so that it makes the same things. That
 * transaction, and the one that the reply is kept in, are shared with other requests. A payment that is made and confirmed at once
 * takes its key with its first step, and keeps its reply with the end of it.
 * A refusal of a card is a reply too. `boot` names this run of the process. Another process' key is in use for as long as that
 * process says so; one that was only slow and goes on nevertheless makes the same things by the same ids.
 */
export function repeatsOver({ sql, commits, sealer, secrets, boot }: Options): RepeatStore {
  // What was asked may hold a card's number, whose plain hash could be guessed at.
  const keyed = async (asked: RepeatEntry): Promise<RepeatEntry> => ({
    ...asked,
    hash: Buffer.from(await secrets.hash(asked, 'request', Buffer.from(asked.hash).toString('hex'), hashLength)),
  });
  const aad = (entry: RepeatEntry) => `reply ${entry.scope} ${entry.key}`;
  const holding = new Holding(sql, boot);
  const turns = new Turns();

  const keyRow = (entry: RepeatEntry, seed: string) => [[entry.key], [entry.operation], [Buffer.from(entry.hash)], [seed], [boot]];

  async function take(entry: RepeatEntry): Promise<Repetition | Row | 'busy'> {
    const take: Joint = { text: takingKeys, params: keyRow(entry, newSeed()), joint: 'rows' };
    const [made] = await commits.commit(entry, [take], 'intentions');
    const fresh = (made?.rows as { key: string; seed: string }[] | undefined)?.find(({ key }) => key === entry.key);
    if (fresh) return { seed: fresh.seed, again: false };
    const { rows } = await sql
      .as(entry)
      .query<Row>('select operation, hash, seed, boot, status, sealed from reply where key = $1', [entry.key]);
    const known = rows[0];
    if (!known) return 'busy';
    if (known.status !== null || known.boot === boot || !same(known, entry)) return known;
    const taken = await sql.as(entry).query(
      `update reply set boot = $2, held_at = now() where key = $1 and boot = $3 and status is null
         and (boot = '' or held_at < now() - $4::bigint * interval '1 ms')`,
      [entry.key, boot, known.boot, BigInt(holdSilentMs)],
    );
    return taken.count > 0 ? { seed: known.seed, again: true } : 'busy';
  }

  async function keepingOf(entry: RepeatEntry, seed: string, { status, bytes }: Pick<StoredReply, 'status' | 'bytes'>): Promise<Joint> {
    const sealed = await sealer.seal(entry.tenant, bytes, aad(entry));
    return { text: keeping, params: [...keyRow(entry, seed), [status], [sealed]], joint: 'rows' };
  }

  async function keep(entry: RepeatEntry, seed: string, reply: StoredReply): Promise<void> {
    await commits.commit(entry, [await keepingOf(entry, seed, reply)]);
  }

  async function isKnown(entry: RepeatEntry): Promise<boolean> {
    const { rows } = await sql
      .as(entry)
      .query(`select 1 from reply where key = $1 and at >= now() - interval '${repeatKeptMs} ms'`, [entry.key]);
    return rows.length > 0;
  }

  /** What was refused for good is kept; what may be asked again with another word is forgotten; the rest may be finished later. */
  async function keepError(entry: RepeatEntry, seed: string, error: unknown): Promise<void> {
    if (error instanceof OperationError && refusalOf(error)?.type === 'card_error')
      return keep(entry, seed, { status: failed, headers: {}, bytes: Buffer.from(JSON.stringify(keptError(error))) });
    if (error instanceof OperationError && !error.retry) await sql.as(entry).query('delete from reply where key = $1', [entry.key]);
    else await sql.as(entry).query(`update reply set boot = '' where key = $1 and boot = $2 and status is null`, [entry.key, boot]);
  }

  async function replayed(entry: RepeatEntry, { status, sealed }: Row): Promise<StoredReply> {
    const bytes = await sealer.open(entry.tenant, sealed ?? Buffer.alloc(0), aad(entry));
    if (status === failed) throw Object.assign(errorOf(JSON.parse(bytes.toString()) as Fields), { isReplayed: true });
    return { status: status ?? 200, headers: {}, bytes };
  }

  const claims = new Claims({
    taking: (entry, seed) => ({ text: claiming, params: keyRow(entry, seed), joint: 'rows' }),
    ...{ keeping: keepingOf, keep, keepError, isKnown },
    hold: (entry) => holding.hold(entry),
    release: (entry) => holding.release(entry),
  });

  return {
    async run(asked, work): Promise<RepeatOutcome> {
      const entry = await keyed(asked);
      const name = `${entry.scope} ${entry.key}`;
      const done = claimed.has(entry.operation) ? await claims.run(name, entry, work) : undefined;
      if (done) return done;
      // Two rows of one key cannot be written at once.
      const taken = await turns.take(name, () => take(entry));
      if (taken === 'busy') return { kind: 'in-flight' };
      if ('hash' in taken) {
        if (!same(taken, entry)) return { kind: 'conflict' };
        return taken.status === null ? { kind: 'in-flight' } : { kind: 'replay', reply: await replayed(entry, taken) };
      }
      holding.hold(entry);
      try {
        const reply = await work(taken);
        await keep(entry, taken.seed, reply);
        return { kind: 'fresh', reply };
      } catch (error) {
        await keepError(entry, taken.seed, error);
        throw error;
      } finally {
        holding.release(entry);
      }
    },
    claim: () => Promise.reject(new TypeError('no operation of payments refuses repeats')),
    release: () => Promise.reject(new TypeError('no operation of payments refuses repeats')),
  };
}

const same = (known: Row, entry: RepeatEntry) =>
  known.operation === entry.operation && Buffer.compare(known.hash, Buffer.from(entry.hash)) === 0;
