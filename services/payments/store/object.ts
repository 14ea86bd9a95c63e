import type { Sealer } from '#kernel/contract/implement.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { PostgresError } from '#seams/sql/error.ts';
import { json, type Result, type Sql, type Statement } from '#seams/sql/sql.ts';
import type { Fields, Thing } from '../domain/json.ts';
import { parted } from '../domain/personal.ts';
import type { Commits, Joint, Lane } from './commit.ts';
import { isDelivery } from './delivery.ts';
import { eachPageMax } from './limits.ts';

/** An object as it is kept: what clients see, and what they do not. One of version 0 is not kept yet. */
export type Kept = { readonly thing: Thing; readonly hidden: Fields; readonly version: number };

type Row = { id: string; body: Fields; sealed: Buffer | null; hidden: Fields; version: number };
/** An object whose time has come, in seconds since 1970. */
export type Due = { readonly id: string; readonly kind: string; readonly due: number };
/** A payment with the score that decided (null where there was none), and the one of a model in shadow, each of 100. */
export type Shadowed = {
  readonly score: number | null;
  readonly other: number;
  readonly action: string;
  readonly currency: string;
  readonly amount: number;
  readonly fraud: boolean;
};
type Pending = { readonly currency: string; readonly pending: bigint };
const columns = 'id, body, sealed, hidden, version';
// In the order given, which lists follow.
const insertion = `insert into object (id, kind, created, body, sealed, hidden, mark)
  select id, kind, created, body, sealed, hidden, mark
    from unnest($1::text[], $2::text[], $3::bigint[], $4::jsonb[], $5::bytea[], $6::jsonb[], $7::text[])
      with ordinality as new(id, kind, created, body, sealed, hidden, mark, place)
    order by place on conflict do nothing`;

/** The event that a statement keeps. */
const eventOf = new WeakMap<Statement, Thing>();

/** What must hold of an object, in SQL; each `?` stands for one of the values. */
export type Condition = readonly [expression: string, ...values: (string | number | readonly string[])[]];

/** Which objects a list is of, and which part of it. */
export type Page = {
  readonly limit: number;
  readonly after?: string;
  readonly before?: string;
  readonly where: readonly Condition[];
};

/** The objects of every environment. */
export class Objects {
  readonly #sql: Sql;
  readonly #sealer: Sealer;
  readonly #commits: Commits;
  /** Told when there is something to tell the endpoints of an environment. */
  onDelivery: (at: Placed) => void = () => undefined;
  /** Told of each event that was committed. */
  onEvent: (at: Placed, event: Thing) => void = () => undefined;

  constructor(sql: Sql, sealer: Sealer, commits: Commits) {
    this.#sql = sql;
    this.#sealer = sealer;
    this.#commits = commits;
  }

  async get(at: Placed, kind: string, id: string): Promise<Kept | undefined> {
    const { rows } = await this.#sql.as(at).query<Row>(`select ${columns} from object where id = $1 and kind = $2`, [id, kind]);
    return rows[0] && this.#open(at, rows[0]);
  }

  /** The version of an object, which is not read. */
  async version(at: Placed, kind: string, id: string): Promise<number | undefined> {
    const { rows } = await this.#sql
      .as(at)
      .query<{ version: number }>('select version from object where id = $1 and kind = $2', [id, kind]);
    return rows[0]?.version;
  }

  async list(at: Placed, kind: string, { limit, after, before, where }: Page): Promise<{ items: Kept[]; hasMore: boolean }> {
    const params: unknown[] = [kind, limit + 1];
    const param = (value: unknown) => `$${params.push(value)}`;
    const filters = where.map(([expression, ...values]) => {
      const left = [...values];
      return expression.replaceAll('?', () => param(left.shift()));
    });
    const cut = (id: string, sign: string) => `seq ${sign} (select seq from object where id = ${param(id)})`;
    if (after !== undefined) filters.push(cut(after, '<'));
    if (before !== undefined) filters.push(cut(before, '>'));
    const order = before === undefined ? 'desc' : 'asc';
    const { rows } = await this.#sql
      .as(at)
      .query<Row>(
        `select ${columns} from object where kind = $1 ${filters.map((each) => `and ${each}`).join(' ')} order by seq ${order} limit $2`,
        params,
      );
    const page = rows.slice(0, limit);
    if (before !== undefined) page.reverse();
    return { items: await Promise.all(page.map((row) => this.#open(at, row))), hasMore: rows.length > limit };
  }

  /** Every object of an environment, or every one of a kind, oldest first. */
  async *each(at: Placed, kind: string | null = null): AsyncGenerator<Thing> {
    for (let after = 0n; ; ) {
      const { rows } = await this.#sql
        .as(at)
        .query<Row & { seq: bigint }>(
          `select ${columns}, seq from object where seq > $1 and ($2::text is null or kind = $2) order by seq limit $3`,
          [after, kind, eachPageMax],
        );
      for (const row of rows) yield (await this.#open(at, row)).thing;
      if (rows.length < eachPageMax) return;
      after = rows.at(-1)?.seq ?? after;
    }
  }

  /** The newest events of these types, oldest first. */
  async events(at: Placed, types: readonly string[], since: number, most: number): Promise<Thing[]> {
    const all: Thing[] = [];
    for (let before: bigint | null = null; all.length < most; ) {
      const { rows }: { rows: (Row & { seq: bigint })[] } = await this.#sql.as(at).query<Row & { seq: bigint }>(
        `select ${columns}, seq from object where kind = 'event' and body->>'type' = any($1::text[]) and created >= $2
           and ($3::bigint is null or seq < $3) order by seq desc limit $4`,
        [types, since, before, Math.min(eachPageMax, most - all.length)],
      );
      for (const row of rows) all.push((await this.#open(at, row)).thing);
      before = rows.at(-1)?.seq ?? null;
      if (before === null) break;
    }
    return all.reverse();
  }

  /** After which event the newest so many of these types come. */
  async eventsFrom(at: Placed, types: readonly string[], most: number): Promise<bigint> {
    const { rows } = await this.#sql
      .as(at)
      .query<{ seq: bigint }>(
        `select seq from object where kind = 'event' and body->>'type' = any($1::text[]) order by seq desc offset $2 limit 1`,
        [types, most],
      );
    return rows[0]?.seq ?? 0n;
  }

  /** Some events of these types after another, oldest first, and which was the last; undefined where there are no more. */
  async eventsAfter(
    at: Placed,
    types: readonly string[],
    after: bigint,
    most: number,
  ): Promise<{ events: Thing[]; last: bigint | undefined }> {
    const { rows } = await this.#sql
      .as(at)
      .query<Row & { seq: bigint }>(
        `select ${columns}, seq from object where kind = 'event' and body->>'type' = any($1::text[]) and seq > $2 order by seq limit $3`,
        [types, after, most],
      );
    const opened = await Promise.all(rows.map((row) => this.#open(at, row)));
    return { events: opened.map(({ thing }) => thing), last: rows.length < most ? undefined : rows.at(-1)?.seq };
  }

  /** The newest payments that came in while a model was in shadow, with both scores. */
  async shadowed(at: Placed, model: string, most: number): Promise<Shadowed[]> {
    const { rows } = await this.#sql.as(at).query<Shadowed>(
      `select (hidden->'risk'->>'score')::float8 as score, (hidden->'risk'->'shadow'->>'score')::float8 as other,
         hidden->'risk'->'shadow'->>'action' as action, body->>'currency' as currency, (body->>'amount')::float8 as amount,
         (body->>'disputed' = 'true' or coalesce(body->'fraud_details'->>'user_report' = 'fraudulent', false) or exists (
           select 1 from object warning where warning.charge = object.id and warning.kind = 'radar.early_fraud_warning')) as fraud
       from object where kind = 'charge' and hidden->'risk'->'shadow'->>'model' = $1 and body->>'status' <> 'failed'
       order by seq desc limit $2`,
      [model, most],
    );
    return rows;
  }

  /** What a rule of risk met. */
  async metBy(at: Placed, rule: string): Promise<{ payments: number; amounts: Record<string, number>; disputed: number }> {
    const { rows } = await this.#sql.as(at).query<{ currency: string; count: bigint; amount: bigint; disputed: bigint }>(
      `select body->>'currency' as currency, count(*) as count, sum((body->>'amount')::bigint)::bigint as amount,
         count(*) filter (where body->>'disputed' = 'true') as disputed
       from object where kind = 'charge' and hidden->'risk'->'matched' ? $1 group by 1 order by 1`,
      [rule],
    );
    const sum = (name: 'count' | 'disputed') => rows.reduce((all, row) => all + Number(row[name]), 0);
    return {
      payments: sum('count'),
      amounts: Object.fromEntries(rows.map((row) => [row.currency, Number(row.amount)])),
      disputed: sum('disputed'),
    };
  }

  /** What is due up to a time by a test clock, or by the time of the world; what is earliest comes first. */
  async due(at: Placed, clock: string | null, until: number, limit: number): Promise<Due[]> {
    const by = clock === null ? `hidden->>'clock' is null` : `hidden->>'clock' = $3`;
    const { rows } = await this.#sql.as(at).query<Omit<Due, 'due'> & { due: bigint }>(
      `select id, kind, (hidden->>'due')::bigint as due from object
       where hidden ? 'due' and ${by} and (hidden->>'due')::bigint <= $1 order by (hidden->>'due')::bigint, seq limit $2`,
      [until, limit, ...(clock === null ? [] : [clock])],
    );
    return rows.map((row) => ({ ...row, due: Number(row.due) }));
  }

  /** The currencies of what was passed on to a connected account. */
  async currenciesTo(at: Placed, account: string): Promise<string[]> {
    const { rows } = await this.#sql
      .as(at)
      .query<{ currency: string }>(
        `select distinct body->>'currency' as currency from object where kind = 'transfer' and body->>'destination' = $1 order by 1`,
        [account],
      );
    return rows.map(({ currency }) => currency);
  }

  /** What of each currency is not to be paid out yet. */
  async pending(at: Placed, now: number): Promise<readonly Pending[]> {
    const { rows } = await this.#sql.as(at).query<Pending>(
      `select body->>'currency' as currency,
         coalesce(sum((body->>'net')::bigint) filter (where (body->>'available_on')::bigint > $1), 0)::bigint as pending
       from object where kind = 'balance_transaction' and hidden->>'account' is null group by 1 order by 1`,
      [now],
    );
    return rows;
  }

  /** The statement that keeps a new object; one that is there already, by a request that is made again, stays. */
  async insertion(at: Placed, thing: Thing, hidden: Fields = {}, mark: string | null = null): Promise<Statement> {
    const { open, sealed } = await this.#parted(at, thing);
    const row = [thing.id, thing.object, Number(thing.created ?? 0), json(open), sealed, json(hidden), mark];
    const joint: Joint = { text: insertion, params: row.map((value) => [value]), joint: 'rows' };
    if (thing.object === 'event') eventOf.set(joint, thing);
    return joint;
  }

  /** The statement that changes an object, or keeps one that is not kept yet; it ends its transaction when it was changed meanwhile. */
  async change(at: Placed, before: Kept, thing: Thing, hidden: Fields = before.hidden, mark?: string | null): Promise<Statement> {
    if (before.version === 0) return this.insertion(at, thing, hidden, mark);
    const { open, sealed } = await this.#parted(at, thing);
    const joint: Joint = {
      text: `with changed as (update object set body = $3, sealed = $4, hidden = $5, version = version + 1,
               mark = case when $6 then $7 else mark end where id = $1 and version = $2 returning 1)
             select exactly_one((select count(*) from changed))`,
      params: [thing.id, before.version, json(open), sealed, json(hidden), mark !== undefined, mark ?? null],
      joint: 'alone',
    };
    return joint;
  }

  deletion(kept: Kept): Statement {
    return {
      text: 'with gone as (delete from object where id = $1 and version = $2 returning 1) select exactly_one((select count(*) from gone))',
      params: [kept.thing.id, kept.version],
    };
  }

  /** Does all or nothing. Conflict: somebody else changed one of the objects meanwhile. */
  async commit(at: Placed, statements: readonly Statement[], lane?: Lane): Promise<Result[]> {
    try {
      const results = await this.#commits.commit(at, statements, lane);
      if (results.some(({ count }, index) => count > 0 && isDelivery(statements[index] as Statement))) this.onDelivery(at);
      for (const statement of statements) {
        const event = eventOf.get(statement);
        if (event) this.onEvent(at, event);
      }
      return results;
    } catch (error) {
      if (error instanceof PostgresError && error.sqlstate === 'GM409') throw fault('Conflict', 'It was changed meanwhile.');
      throw error;
    }
  }

  async #parted(at: Placed, thing: Thing): Promise<{ open: Fields; sealed: Buffer | null }> {
    const { open, sealed } = parted(thing);
    if (sealed === undefined) return { open, sealed: null };
    return { open, sealed: await this.#sealer.seal(at.tenant, Buffer.from(JSON.stringify(sealed)), `object ${thing.id}`) };
  }

  async #open(at: Placed, { id, body, sealed, hidden, version }: Row): Promise<Kept> {
    const personal = sealed && (JSON.parse((await this.#sealer.open(at.tenant, sealed, `object ${id}`)).toString()) as Fields);
    return { thing: { ...body, ...personal } as Thing, hidden, version };
  }
}
