import type { Sql } from '#seams/sql/sql.ts';
import type { Log, Sealer } from '../contract/implement.ts';
import { openLines, type Lines } from '../outbound/outbound.ts';
import { deliver, type Outcome, type Target } from './deliver.ts';
import { deliveriesKeptDays, dispatchPollMs, eventsAtOnceMax, sendsAtOnceMax, webhooksAtOnceMax } from './limits.ts';
import { patternsOf, type StoredEvent } from './message.ts';
import { retryAfterMs } from './retry.ts';
import { Round } from './round.ts';
import { isTopicUrl, sendToTopic, type TopicLogin, whyNot } from './topic.ts';

/** A webhook as its row has it. */
type Hook = {
  readonly tenant: bigint;
  readonly id: bigint;
  readonly url: string;
  readonly types: string[];
  readonly scope: bigint;
  readonly secret_sealed: Buffer;
  readonly login_sealed: Buffer | null;
  readonly reason: string | null;
  readonly generation: number;
  readonly previous_sealed: Buffer | null;
  readonly overlap_until: Date | null;
  readonly attempts: number;
  readonly position: bigint;
  readonly head: bigint;
};

export type DispatchOptions = {
  readonly sql: Sql;
  readonly sealer: Sealer;
  readonly log: Log;
  /** Hosts, as `host:port`, that an operator listed. */
  readonly allow: readonly string[];
  readonly now: () => number;
};

type Sent = { readonly sequence: bigint; readonly attempt: number; readonly outcome: Outcome };
type Due = StoredEvent & { readonly attempt: number };

/** The words under which a webhook's secret is sealed. */
export const webhookAad = (id: bigint): string => `webhook ${id}`;

/** The words under which lies who writes into the topic that a webhook is. */
export const loginAad = (id: bigint): string => `webhook login ${id}`;

/** The purpose of the data keys that webhooks' secrets are sealed under. */
export const webhookPurpose = 'webhook';

const columns = 'sequence, scope, id, source, type, time, subject, data';

/**
 * Sends events to the webhooks that want them. Each webhook has a position in the stream of its tenant, which moves in the
 * transaction that stores what came of the events before it: whatever dies, every event is sent at least once.
 */
export class Dispatcher {
  readonly #options: DispatchOptions;
  readonly #lines: Lines = openLines(sendsAtOnceMax);
  readonly #stop = new AbortController();
  readonly #busy = new Map<bigint, Promise<void>>();
  /** Topics that could not be written to: how often in a row, and until when they are let be. */
  readonly #held = new Map<bigint, { readonly generation: number; readonly attempt: number; readonly until: number }>();
  readonly #round: Round;

  constructor(options: DispatchOptions) {
    this.#options = options;
    const failed = (error: unknown) => options.log('error', 'webhooks could not be looked at', { error: String(error) });
    this.#round = new Round(() => this.#look(), { pauseMs: dispatchPollMs, failed });
  }

  start(): this {
    this.#round.start();
    return this;
  }

  /** Looks at once whether something is due: events were stored. */
  wake(): void {
    this.#round.wake();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#round.stop();
    await Promise.all(this.#busy.values());
    this.#lines.close();
  }

  /** Begins with every webhook that has something to send and is not at work already. */
  async #look(): Promise<void> {
    const { rows } = await this.#options.sql.platform().query(
      `select w.*, coalesce(h.sequence, 0) as head from platform.webhook w left join platform.event_head h on h.tenant = w.tenant
       where w.state = 'enabled' and not (w.id = any($1::bigint[])) and (w.position < h.sequence or exists (select from
         platform.webhook_delivery d where d.tenant = w.tenant and d.webhook = w.id and d.state = 'waiting' and d.due_at <= $2))
         and not exists (select from unnest($4::bigint[], $5::int[]) as held (id, generation)
           where held.id = w.id and held.generation = w.generation)
       order by w.id limit $3`,
      [
        [...this.#busy.keys()],
        new Date(this.#options.now()),
        Math.max(0, webhooksAtOnceMax - this.#busy.size),
        ...this.#heldNow(),
      ],
    );
    for (const hook of rows as Hook[]) {
      const serving = this.#serve(hook)
        .catch((error) => {
          if (!this.#stop.signal.aborted)
            this.#options.log('error', 'a webhook could not be served; trying again', { webhook: `${hook.id}`, error: String(error) });
        })
        .finally(() => {
          this.#busy.delete(hook.id);
          this.wake();
        });
      this.#busy.set(hook.id, serving);
    }
  }

  /** Those that are let be, unless somebody changed them since. */
  #heldNow(): [ids: bigint[], generations: number[]] {
    const held = [...this.#held].filter(([, { until }]) => until > this.#options.now());
    return [held.map(([id]) => id), held.map(([, { generation }]) => generation)];
  }

  async #serve(hook: Hook): Promise<void> {
    if (isTopicUrl(hook.url)) return this.#serveTopic(hook);
    const target = await this.#targetOf(hook);
    const again = await this.#againOf(hook);
    const fresh = await this.#freshOf(hook);
    const due: Due[] = [...again, ...fresh.events.map((event) => ({ ...event, attempt: 0 }))];
    const sent = await this.#sendAll(due, target);
    await this.#store(hook, fresh.position, sent);
  }

  /** What a topic is to get comes in its order: while it cannot be written to, everything waits where it is. */
  async #serveTopic(hook: Hook): Promise<void> {
    const { sealer, allow } = this.#options;
    const again = await this.#againOf(hook);
    const fresh = await this.#freshOf(hook);
    const due: Due[] = [...again, ...fresh.events.map((event) => ({ ...event, attempt: 0 }))];
    let sent: Sent[] = [];
    try {
      const login: TopicLogin | undefined =
        hook.login_sealed === null
          ? undefined
          : JSON.parse(Buffer.from(await sealer.open(hook.tenant, hook.login_sealed, loginAad(hook.id))).toString());
      const outcomes = due.length === 0 ? [] : await sendToTopic(due, { url: hook.url, login, allow, signal: this.#stop.signal });
      sent = outcomes.map((outcome, at) => ({ sequence: due[at]!.sequence, attempt: due[at]!.attempt + 1, outcome }));
    } catch (error) {
      const reason = whyNot(error);
      if (this.#stop.signal.aborted || reason === undefined) throw error;
      return this.#hold(hook, reason);
    }
    this.#held.delete(hook.id);
    await this.#store(hook, fresh.position, sent);
    if (hook.reason !== null && due.length > 0) await this.#explain(hook, null, 'enabled');
  }

  /** Lets a topic be for a while; after as many attempts as the webhook has it is disabled, and goes on from where it was. */
  async #hold(hook: Hook, reason: string): Promise<void> {
    const before = this.#held.get(hook.id);
    const attempt = (before?.generation === hook.generation ? before.attempt : 0) + 1;
    const waitMs = retryAfterMs(attempt, hook.attempts, Math.random());
    if (waitMs === undefined) this.#held.delete(hook.id);
    else this.#held.set(hook.id, { generation: hook.generation, attempt, until: this.#options.now() + waitMs });
    await this.#explain(hook, reason, waitMs === undefined ? 'disabled' : 'enabled');
  }

  async #explain({ tenant, id, url }: Hook, reason: string | null, state: 'enabled' | 'disabled'): Promise<void> {
    await this.#options.sql.platform().query(
      `update platform.webhook set reason = $3, state = $4, version = version + 1
       where tenant = $1 and id = $2 and url = $5 and state = 'enabled'`,
      [tenant, id, reason, state, url],
    );
  }

  async #targetOf(hook: Hook): Promise<Target> {
    const { sealer, allow, now } = this.#options;
    const sealed = [hook.secret_sealed];
    if (hook.previous_sealed && hook.overlap_until && hook.overlap_until.getTime() > now()) sealed.push(hook.previous_sealed);
    const secrets = await Promise.all(sealed.map((each) => sealer.open(hook.tenant, each, webhookAad(hook.id))));
    return { url: hook.url, secrets, allow, lines: this.#lines, signal: this.#stop.signal };
  }

  /** Deliveries that failed and are due again. */
  async #againOf({ tenant, id }: Hook): Promise<Due[]> {
    const { rows } = await this.#options.sql.platform().query(
      `select e.${columns.replaceAll(', ', ', e.')}, d.attempt from platform.webhook_delivery d join platform.event e
       on e.tenant = d.tenant and e.sequence = d.sequence
       where d.tenant = $1 and d.webhook = $2 and d.state = 'waiting' and d.due_at <= $3 order by d.due_at limit $4`,
      [tenant, id, new Date(this.#options.now()), eventsAtOnceMax],
    );
    return rows as Due[];
  }

  /** The next events that the webhook wants, and the position behind them. */
  async #freshOf(hook: Hook): Promise<{ events: StoredEvent[]; position: bigint }> {
    if (hook.position >= hook.head) return { events: [], position: hook.position };
    const { rows } = await this.#options.sql.platform().query(
      `select ${columns} from platform.event where tenant = $1 and sequence > $2 and sequence <= $3
       and (cardinality($4::text[]) = 0 or type like any($4)) and ($5::bigint = 0 or scope = $5) order by sequence limit $6`,
      [hook.tenant, hook.position, hook.head, patternsOf(hook.types), hook.scope, eventsAtOnceMax],
    );
    const events = rows as StoredEvent[];
    return { events, position: events.length < eventsAtOnceMax ? hook.head : (events.at(-1)?.sequence ?? hook.head) };
  }

  /** So many calls at one time. */
  async #sendAll(due: readonly Due[], target: Target): Promise<Sent[]> {
    const sent: Sent[] = [];
    let next = 0;
    const worker = async () => {
      for (let event = due[next++]; event; event = due[next++]) {
        const outcome = await deliver(event, target, this.#options.now);
        sent.push({ sequence: event.sequence, attempt: event.attempt + 1, outcome });
      }
    };
    await Promise.all(Array.from({ length: Math.min(sendsAtOnceMax, due.length) }, worker));
    return sent;
  }

  /** Stores what came of it, and moves on from where this began; a replay that moved the position meanwhile stands. */
  async #store(hook: Hook, position: bigint, sent: readonly Sent[]): Promise<void> {
    const now = this.#options.now();
    const waits = sent.map(({ attempt, outcome }) => (outcome.ok ? undefined : retryAfterMs(attempt, hook.attempts, Math.random())));
    const state = (each: Sent, index: number) => (each.outcome.ok ? 'delivered' : waits[index] === undefined ? 'dead' : 'waiting');
    const due = (index: number) => (waits[index] === undefined ? null : new Date(now + waits[index]).toISOString());
    const gone = sent.some(({ outcome }) => outcome.gone);
    await this.#options.sql.platform().begin(async (tx) => {
      if (sent.length > 0)
        await tx.query(
          `insert into platform.webhook_delivery (tenant, webhook, sequence, state, attempt, due_at, status, error, took_ms, at)
           select $1::bigint, $2::bigint, *, now()
           from unnest($3::bigint[], $4::text[], $5::int[], $6::timestamptz[], $7::int[], $8::text[], $9::int[])
           on conflict (tenant, webhook, sequence) do update set state = excluded.state, attempt = excluded.attempt,
             due_at = excluded.due_at, status = excluded.status, error = excluded.error, took_ms = excluded.took_ms, at = now()`,
          [
            hook.tenant,
            hook.id,
            sent.map(({ sequence }) => sequence),
            sent.map(state),
            sent.map(({ attempt }) => attempt),
            sent.map((_, index) => due(index)),
            sent.map(({ outcome }) => outcome.status ?? null),
            sent.map(({ outcome }) => outcome.error ?? null),
            sent.map(({ outcome }) => outcome.tookMs),
          ],
        );
      await tx.query('update platform.webhook set position = $4 where tenant = $1 and id = $2 and position = $3', [
        hook.tenant,
        hook.id,
        hook.position,
        position,
      ]);
      if (gone)
        await tx.query(
          `update platform.webhook set state = 'disabled', reason = 'The receiver answered 410 Gone.', version = version + 1
           where tenant = $1 and id = $2`,
          [hook.tenant, hook.id],
        );
    });
  }
}

/** Forgets outcomes that are old. */
export async function forgetDeliveries(sql: Sql): Promise<void> {
  await sql
    .platform()
    .query(`delete from platform.webhook_delivery where state <> 'waiting' and at < now() - $1::int * interval '1 day'`, [
      deliveriesKeptDays,
    ]);
}
