import type { Call, Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { defaultKey, keyName } from '../../keys/key-name.ts';
import { formatId } from '../../tenancy/id.ts';
import { change, type Context, decidedByName, enveloped, found, nameOrId, own, paged, type Row } from '../context.ts';
import { destroyAfterMs, keysMax } from '../limits.ts';
import type { platform } from '../service.ts';

type Mine = Pick<
  Handlers<typeof platform>,
  | 'CreateKey'
  | 'ImportKey'
  | 'UseKey'
  | 'GetKey'
  | 'ListKeys'
  | 'RotateKey'
  | 'DisableKey'
  | 'EnableKey'
  | 'ScheduleKeyDestruction'
  | 'CancelKeyDestruction'
>;
type Wished = 'enabled' | 'disabled' | 'pending';
type State = Wished | 'destroyed';

/** Undefined for the ring of the tenant itself. */
const idOf = (row: Row): string | undefined => (row.id === row.tenant ? undefined : formatId(row.id as bigint));

function keyOf(context: Context, row: Row) {
  const state = String(row.state) as State;
  return enveloped(row, String(row.name), {
    title: String(row.title),
    arn: keyName(context.region, row.tenant as bigint, idOf(row) ?? defaultKey),
    state,
    versions: state === 'destroyed' ? 0 : Number(row.generation),
    imported: row.imported === true,
    strict: row.strict === true,
    ...(row.destroy_at instanceof Date ? { destroyAt: row.destroy_at.getTime() } : {}),
  });
}

/** Keys of an organization: rows that people see, material that keeper alone has. */
export function keyHandlers(context: Context): Mine {
  /** The tenant's own ring is there before anybody asks for it. */
  async function ensureDefault(call: Call): Promise<void> {
    await own(context, call).query(
      `insert into platform.key (tenant, id, name, title) values ($1, $1, '${defaultKey}', 'Everything that names no other key')
       on conflict do nothing`,
      [call.caller.tenant],
    );
  }

  async function locate(call: Call, operation: keyof Mine): Promise<Row> {
    await ensureDefault(call);
    const wanted = nameOrId(call.ref.name);
    const { rows } = await own(context, call).query('select * from platform.key where name = $1 or id = $2', [wanted.name, wanted.id]);
    return decidedByName(call, operation, found(rows, `key ${call.ref.name}`));
  }

  async function answer(call: Call, id: unknown) {
    const { rows } = await own(context, call).query('select * from platform.key where id = $1', [id]);
    return { output: keyOf(context, found(rows, 'key')) };
  }

  async function make(call: Call, input: { name?: string; title?: string; strict?: boolean }, material?: Buffer) {
    const { tenant } = call.caller;
    const id = context.ids.next();
    const name = input.name ?? formatId(id);
    const { rows } = await own(context, call).query(
      'select count(*) as count, bool_or(name = $1) as taken from platform.key where state <> $2',
      [name, 'destroyed'],
    );
    const [{ count, taken }] = rows as [Row];
    if (taken || name === defaultKey) throw fault('Conflict', `A key is called ${name} already.`);
    if (Number(count) >= keysMax) throw fault('QuotaExceeded', `An organization has at most ${keysMax} keys.`);
    await context.keeper.createKey(tenant, formatId(id), material);
    await change(context, call.caller, async (tx, note) => {
      const inserted = await tx.query(
        `insert into platform.key (tenant, id, name, title, imported, strict) values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
        [tenant, id, name, input.title ?? name, material !== undefined, input.strict === true],
      );
      if (inserted.count === 0) throw fault('Conflict', `A key is called ${name} already.`);
      await note(tenant, 'key', [formatId(tenant), formatId(id)]);
    });
    return answer(call, id);
  }

  /** Keeper first: it refuses new leases. Then the snapshot, which ends those that are held. */
  async function move(call: Call, operation: keyof Mine, from: readonly State[], to: Wished, destroyAt?: number) {
    const row = await locate(call, operation);
    if (!from.includes(String(row.state) as State)) throw fault('Conflict', `The key is ${row.state}.`);
    await context.keeper.setKeyState(call.caller.tenant, to, idOf(row));
    await store(context, row, to, destroyAt);
    return row;
  }

  return {
    CreateKey: (call) => make(call as Call, call.input),
    ImportKey: (call) => make(call as Call, call.input, Buffer.from(call.input.material, 'base64')),
    async UseKey(call) {
      const row = await locate(call as Call, 'UseKey');
      if (row.state !== 'enabled') throw fault('KeyRefused', `The key ${row.name} is ${row.state}.`);
      return { output: keyOf(context, row) };
    },
    async GetKey(call) {
      return { output: keyOf(context, await locate(call as Call, 'GetKey')) };
    },
    async ListKeys(call) {
      await ensureDefault(call as Call);
      const { after = '', limit = 100, prefix = '' } = call.input;
      const { rows } = await own(context, call as Call).query(
        'select * from platform.key where name > $1 and starts_with(name, $3) order by name limit $2',
        [after, limit + 1, prefix],
      );
      return {
        output: paged(
          (rows as Row[]).map((row) => keyOf(context, row)),
          limit,
        ),
      };
    },
    async RotateKey(call) {
      const row = await locate(call as Call, 'RotateKey');
      if (row.state !== 'enabled') throw fault('Conflict', `The key is ${row.state}.`);
      const version = await context.keeper.rotateKey(call.caller.tenant, idOf(row));
      await own(context, call as Call).query('update platform.key set generation = $2, version = version + 1 where id = $1', [
        row.id,
        version,
      ]);
      return answer(call as Call, row.id);
    },
    async DisableKey(call) {
      return answer(call as Call, (await move(call as Call, 'DisableKey', ['enabled', 'disabled'], 'disabled')).id);
    },
    async EnableKey(call) {
      return answer(call as Call, (await move(call as Call, 'EnableKey', ['enabled', 'disabled'], 'enabled')).id);
    },
    async ScheduleKeyDestruction(call) {
      const { afterMs = destroyAfterMs } = call.input;
      const row = await move(call as Call, 'ScheduleKeyDestruction', ['enabled', 'disabled', 'pending'], 'pending', call.now + afterMs);
      if (afterMs === 0) await destroyDue(context);
      return answer(call as Call, row.id);
    },
    async CancelKeyDestruction(call) {
      return answer(call as Call, (await move(call as Call, 'CancelKeyDestruction', ['pending'], 'disabled')).id);
    },
  };
}

async function store(context: Context, row: Row, state: State, destroyAt?: number): Promise<void> {
  const tenant = row.tenant as bigint;
  await change(context, 'platform', async (tx, note) => {
    await tx.query('update platform.key set state = $3, destroy_at = $4, version = version + 1 where tenant = $1 and id = $2', [
      tenant,
      row.id,
      state,
      destroyAt === undefined ? null : new Date(destroyAt),
    ]);
    await note(tenant, 'key', [formatId(tenant), idOf(row) ?? defaultKey]);
  });
}

/** Destroys the keys whose time has come; repeated, it does no harm. */
async function destroyDue(context: Context): Promise<void> {
  const { rows } = await context.system
    .platform()
    .query(`select tenant, id from platform.key where state = 'pending' and destroy_at <= $1`, [new Date(context.now())]);
  for (const row of rows as Row[]) {
    await context.keeper.destroyKey(row.tenant as bigint, idOf(row));
    await store(context, row, 'destroyed');
  }
}

/** Looks every now and then for keys to destroy; returns how to stop. */
export function keepDestroying(context: Context, everyMs: number): () => void {
  const sweep = () =>
    void destroyDue(context).catch((error) => context.log('warn', 'keys were not destroyed; trying again', { error: String(error) }));
  const timer = setInterval(sweep, everyMs);
  return () => clearInterval(timer);
}
