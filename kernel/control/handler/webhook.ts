import { randomBytes } from 'node:crypto';
import type { Call, Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { sealerOf } from '../../keys/sealer.ts';
import { assertCallable } from '../../outbound/outbound.ts';
import { formatId } from '../../tenancy/id.ts';
import { loginAad, webhookAad, webhookPurpose } from '../../webhook/dispatch.ts';
import { attemptsUsual, secretBytes, secretOverlapMs, webhooksMax } from '../../webhook/limits.ts';
import { secretText } from '../../webhook/sign.ts';
import { isTopicUrl, readTopic, type TopicLogin } from '../../webhook/topic.ts';
import { type Context, enveloped, found, nameOrId, own, paged, type Row } from '../context.ts';
import type { platform } from '../service.ts';
import { environmentFor } from './credential.ts';

type Mine = Pick<
  Handlers<typeof platform>,
  | 'CreateWebhook'
  | 'GetWebhook'
  | 'ListWebhooks'
  | 'UpdateWebhook'
  | 'DeleteWebhook'
  | 'RotateWebhook'
  | 'PingWebhook'
  | 'ReplayWebhook'
  | 'ListDeliveries'
  | 'RetryDeliveries'
>;

const time = (value: unknown) => (value instanceof Date ? value.getTime() : undefined);
const present = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };

function webhookOf(row: Row) {
  return enveloped(row, formatId(row.id as bigint), {
    title: String(row.title),
    url: String(row.url),
    types: row.types as string[],
    attempts: Number(row.attempts),
    state: row.state === 'disabled' ? ('disabled' as const) : ('enabled' as const),
    position: Number(row.position),
    ...present({
      environment: row.scope === 0n ? undefined : formatId(row.scope as bigint),
      reason: row.reason === null ? undefined : String(row.reason),
    }),
  });
}

function deliveryOf(row: Row) {
  return {
    sequence: Number(row.sequence),
    id: String(row.id ?? ''),
    type: String(row.type ?? ''),
    state: row.state as 'delivered' | 'waiting' | 'dead',
    attempt: Number(row.attempt),
    at: time(row.at) ?? 0,
    ...present({
      dueAt: time(row.due_at),
      status: row.status === null ? undefined : Number(row.status),
      error: row.error === null ? undefined : String(row.error),
      tookMs: row.took_ms === null ? undefined : Number(row.took_ms),
    }),
  };
}

/** Refuses an address that can never be sent to. */
function assertSendable(url: string, allow: readonly string[]): void {
  if (isTopicUrl(url)) readTopic(url, allow);
  else assertCallable(url, allow);
}

/** What a webhook is called unless it is given a title. */
function shortOf(url: string, allow: readonly string[]): string {
  return isTopicUrl(url) ? readTopic(url, allow).topic : assertCallable(url, allow).host;
}

/** Webhooks: where events go, what came of them, and sending them again. Recorder sends. */
export function webhookHandlers(context: Context, allow: readonly string[]): Mine {
  const sealer = sealerOf(context.keeper, webhookPurpose, context.now);
  const locate = async (call: Call) =>
    found(
      (await own(context, call).query('select * from platform.webhook where id = $1', [nameOrId(call.ref.name).id])).rows,
      `webhook ${call.ref.name}`,
    );
  const newSecret = async (tenant: bigint, id: bigint) => {
    const secret = randomBytes(secretBytes);
    return { secret: secretText(secret), sealed: await sealer.seal(tenant, secret, webhookAad(id)) };
  };
  const sealedLogin = async (tenant: bigint, id: bigint, url: string, login: TopicLogin | undefined) => {
    if (login === undefined) return null;
    if (!isTopicUrl(url)) throw fault('BadInput', { path: '/login', detail: 'Only a topic of a Kafka is written to by a login.' });
    return sealer.seal(tenant, Buffer.from(JSON.stringify(login)), loginAad(id));
  };
  return {
    async CreateWebhook(call) {
      const { tenant } = call.caller;
      const { url, types = [], environment, attempts = attemptsUsual, login } = call.input;
      const { title = shortOf(url, allow) } = call.input;
      assertSendable(url, allow);
      const scope = environment === undefined ? 0n : await environmentFor(context, call as Call, { environment });
      const id = context.ids.next();
      const { secret, sealed } = await newSecret(tenant, id);
      const loginSealed = await sealedLogin(tenant, id, url, login);
      // It is told of what happens from now on; ReplayWebhook goes back.
      const made = await own(context, call as Call).query(
        `insert into platform.webhook (tenant, id, title, url, types, scope, secret_sealed, attempts, login_sealed, position)
         select $1, $2, $3, $4, $5, $6, $7, $8, $10, coalesce((select sequence from platform.event_head), 0)
         where (select count(*) from platform.webhook) < $9`,
        [tenant, id, title, url, types, scope, sealed, attempts, webhooksMax, loginSealed],
      );
      if (made.count === 0) throw fault('QuotaExceeded', `An organization has at most ${webhooksMax} webhooks.`);
      return { output: { id: formatId(id), secret } };
    },
    async GetWebhook(call) {
      return { output: webhookOf(await locate(call as Call)) };
    },
    async ListWebhooks(call) {
      const { after = '', limit = 100 } = call.input;
      const { rows } = await own(context, call as Call).query('select * from platform.webhook where id > $1 order by id limit $2', [
        after === '' ? 0n : nameOrId(after).id,
        limit + 1,
      ]);
      return { output: paged((rows as Row[]).map(webhookOf), limit) };
    },
    async UpdateWebhook(call) {
      const row = await locate(call as Call);
      const { title = row.title, url = row.url, types = row.types, attempts = row.attempts, state = row.state } = call.input;
      assertSendable(String(url), allow);
      const login = await sealedLogin(call.caller.tenant, row.id as bigint, String(url), call.input.login);
      // Who comes to one address is nothing to another: whoever changes it says anew who comes.
      await own(context, call as Call).query(
        `update platform.webhook set title = $2, login_sealed = coalesce($7, case when url = $3 then login_sealed end), url = $3,
         types = $4, attempts = $5, state = $6, reason = case when $6 = 'enabled' then null else reason end, generation = generation + 1,
         version = version + 1 where id = $1`,
        [row.id, title, url, types, attempts, state, login],
      );
      return { output: webhookOf(await locate(call as Call)) };
    },
    async DeleteWebhook(call) {
      const row = await locate(call as Call);
      await own(context, call as Call).query('delete from platform.webhook where id = $1', [row.id]);
      return { output: {} };
    },
    async RotateWebhook(call) {
      const row = await locate(call as Call);
      const { secret, sealed } = await newSecret(call.caller.tenant, row.id as bigint);
      await own(context, call as Call).query(
        `update platform.webhook set previous_sealed = secret_sealed, secret_sealed = $2, overlap_until = $3, version = version + 1
         where id = $1`,
        [row.id, sealed, new Date(context.now() + secretOverlapMs)],
      );
      return { output: { id: formatId(row.id as bigint), secret } };
    },
    async PingWebhook(call) {
      const row = await locate(call as Call);
      call.emit('WebhookPinged', { webhook: formatId(row.id as bigint) });
      return { output: {} };
    },
    ...deliveryHandlers(context, locate),
  };
}

function deliveryHandlers(
  context: Context,
  locate: (call: Call) => Promise<Row>,
): Pick<Mine, 'ReplayWebhook' | 'ListDeliveries' | 'RetryDeliveries'> {
  return {
    async ReplayWebhook(call) {
      const row = await locate(call as Call);
      const { after, since } = call.input;
      if ((after === undefined) === (since === undefined))
        throw fault('BadInput', {
          path: '/after',
          detail: 'Say either the position after which, or the time since which events are sent.',
        });
      const { rows } = await own(context, call as Call).query(
        `update platform.webhook set version = version + 1, position = least(
           coalesce($2::bigint, (select max(sequence) from platform.event where time < $3), 0),
           coalesce((select sequence from platform.event_head), 0))
         where id = $1 returning position`,
        [row.id, after === undefined ? null : BigInt(after), since === undefined ? null : new Date(since)],
      );
      return { output: { position: Number(found(rows, 'webhook').position) } };
    },
    async ListDeliveries(call) {
      const row = await locate(call as Call);
      const { state = null, before, limit = 100 } = call.input;
      const { rows } = await own(context, call as Call).query(
        `select d.*, e.id, e.type from platform.webhook_delivery d
         left join platform.event e on e.tenant = d.tenant and e.sequence = d.sequence
         where d.webhook = $1 and ($2::text is null or d.state = $2) and ($3::bigint is null or d.sequence < $3)
         order by d.sequence desc limit $4`,
        [row.id, state, before === undefined ? null : BigInt(before), limit + 1],
      );
      const items = (rows as Row[]).slice(0, limit).map(deliveryOf);
      return { output: { items, ...(rows.length > limit ? { next: items.at(-1)?.sequence ?? 0 } : {}) } };
    },
    async RetryDeliveries(call) {
      const row = await locate(call as Call);
      const { sequence } = call.input;
      const due = await own(context, call as Call).query(
        `update platform.webhook_delivery set state = 'waiting', attempt = 0, due_at = now()
         where webhook = $1 and state <> 'delivered' and ($2::bigint is null or sequence = $2)`,
        [row.id, sequence === undefined ? null : BigInt(sequence)],
      );
      return { output: { due: due.count } };
    },
  };
}
