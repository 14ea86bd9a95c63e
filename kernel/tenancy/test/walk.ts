import assert from 'node:assert/strict';
import { PostgresError, SqlAborted, SqlMisuse, SqlUnavailable } from '#seams/sql/error.ts';
import { type Handle, openSql, type Scope, type Sql } from '#seams/sql/sql.ts';

type Random = (below: number) => number;

/** What the walk knows of one scope: ids that must be stored, and ids whose connection was lost before the answer. */
type Model = { readonly scope: Scope; readonly mark: string; readonly stored: Set<bigint>; readonly doubtful: Set<bigint> };

type World = {
  readonly random: Random;
  readonly models: readonly Model[];
  readonly seen: Record<string, number>;
  sql: Sql;
  nextId: bigint;
};

type Step = (world: World, handle: Handle, model: Model) => Promise<void>;

const insert = 'insert into note (id, mark) values ($1, $2)';
const insertSlowly = 'insert into note (id, mark) select $1, $2 from pg_sleep(0.002)';
const mine = 'select gamut.tenant() as tenant, gamut.scope() as scope';

/** Steps by their weight in the draw. */
const steps: readonly (readonly [number, string, Step])[] = [
  [26, 'read', read],
  [14, 'ask', ask],
  [22, 'insert', store],
  [8, 'duplicate', duplicate],
  [6, 'trespass', trespass],
  [6, 'failing group', failingGroup],
  [6, 'commit', commit],
  [5, 'rollback', rollBack],
  [2, 'ignored error', ignoredError],
  [1, 'abort', abortGroup],
  [1, 'abort transaction', abortTransaction],
  [3, 'platform', platform],
];

/**
 * Runs random steps of 64 callers of 100 scopes over one pool of four connections, which is replaced and whose connections
 * are killed now and then. Every answer is compared with a plain model, and at the end the tables are.
 */
export async function walk(options: {
  url: URL;
  superuser: Sql;
  operations: number;
  seed: number;
}): Promise<{ seed: number; operations: number }> {
  const random = generator(options.seed);
  const models: Model[] = [];
  for (let i = 0n; i < 100n; i++) {
    const scope = { tenant: 1000n + i / 2n, scope: 1n + (i % 2n) };
    models.push({ scope, mark: `${scope.tenant}:${scope.scope}`, stored: new Set(), doubtful: new Set() });
  }
  const world: World = { random, models, seen: {}, sql: openSql(options.url, { max: 4 }), nextId: 1n };
  const disturbances: Promise<void>[] = [];
  let left = options.operations;
  const total = steps.reduce((sum, [weight]) => sum + weight, 0);
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      if (left % 1000 === 500) disturbances.push(disturb(world, options, disturbances.length));
      const model = pick(random, models);
      const [, name, step] = draw(random(total));
      count(world, name);
      await step(world, world.sql.as(model.scope), model);
    }
  };
  try {
    await Promise.all(Array.from({ length: 64 }, caller));
  } catch (error) {
    throw new Error(`seed ${options.seed} failed`, { cause: error });
  } finally {
    await Promise.all(disturbances);
  }
  await world.sql.close();
  world.sql = openSql(options.url, { max: 1 });
  await compare(world);
  await world.sql.close();
  return { seed: options.seed, operations: options.operations, ...world.seen };
}

/** Kills a connection, or every third time replaces the pool, while the callers go on. */
async function disturb(world: World, options: { url: URL; superuser: Sql }, round: number): Promise<void> {
  if (round % 3 === 0) {
    const old = world.sql;
    world.sql = openSql(options.url, { max: 4 });
    return old.close();
  }
  const text = 'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 order by random() limit 1';
  await options.superuser.platform().query(text, [decodeURIComponent(options.url.username)]);
  count(world, 'kill');
}

function count(world: World, what: string): void {
  world.seen[what] = (world.seen[what] ?? 0) + 1;
}

async function compare(world: World): Promise<void> {
  for (const model of world.models) {
    const { rows } = await world.sql.as(model.scope).query<{ id: bigint; mark: string }>('select id, mark from note');
    const found = new Set(rows.map((row) => row.id));
    assert.ok(
      rows.every((row) => row.mark === model.mark),
      `a row of another scope in ${model.mark}`,
    );
    for (const id of model.stored) assert.ok(found.has(id), `${id} of ${model.mark} was acknowledged and is not there`);
    for (const id of found)
      assert.ok(model.stored.has(id) || model.doubtful.has(id), `${id} of ${model.mark} is there and was not acknowledged`);
  }
}

async function read(world: World, handle: Handle, model: Model): Promise<void> {
  const atLeast = Math.min(20, model.stored.size);
  const answer = await tolerate(
    world,
    handle.query<{ tenant: bigint; scope: bigint; mark: string }>('select tenant, scope, mark from note order by id desc limit 20'),
  );
  for (const row of answer?.rows ?? []) assert.deepEqual({ ...row }, { ...model.scope, mark: model.mark });
  if (answer) assert.ok(answer.count >= atLeast, `${answer.count} rows of ${atLeast}`);
}

async function ask(world: World, handle: Handle, model: Model): Promise<void> {
  const answer = await tolerate(world, handle.query(mine));
  if (answer) assert.deepEqual(answer.rows, [model.scope]);
}

async function store(world: World, handle: Handle, model: Model): Promise<void> {
  const id = world.nextId++;
  const done = await tolerate(world, handle.query(insert, [id, model.mark]), model, id);
  if (done) model.stored.add(id);
}

async function duplicate(world: World, handle: Handle, model: Model): Promise<void> {
  const [id] = model.stored;
  if (id !== undefined) await expectState(world, handle.query(insert, [id, model.mark]), '23505');
}

async function trespass(world: World, handle: Handle, model: Model): Promise<void> {
  const other = pick(world.random, world.models);
  if (other === model) return;
  const full = 'insert into note (tenant, scope, id, mark) values ($1, $2, $3, $4)';
  await expectState(world, handle.query(full, [other.scope.tenant, other.scope.scope, world.nextId++, 'crossed']), '42501');
}

async function failingGroup(world: World, handle: Handle, model: Model): Promise<void> {
  const group = handle.group([
    { text: mine },
    { text: insert, params: [world.nextId++, model.mark] },
    { text: 'select 1 / $1::int', params: [0] },
  ]);
  await expectState(world, group, '22012');
}

async function commit(world: World, handle: Handle, model: Model): Promise<void> {
  const id = world.nextId++;
  const work = handle.begin(async (tx) => {
    await tx.query(insert, [id, model.mark]);
    assert.deepEqual((await tx.query(mine)).rows, [model.scope]);
    return true;
  });
  if (await tolerate(world, work, model, id)) model.stored.add(id);
}

async function rollBack(world: World, handle: Handle, model: Model): Promise<void> {
  const thrown = new Error('roll back');
  const work = handle.begin(async (tx) => {
    await tx.query(insert, [world.nextId++, model.mark]);
    throw thrown;
  });
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error === thrown || error instanceof SqlUnavailable, String(error));
}

async function ignoredError(world: World, handle: Handle, model: Model): Promise<void> {
  const work = handle.begin(async (tx) => {
    await tx.query(insert, [world.nextId++, model.mark]);
    await tx.query('select 1 / $1::int', [0]).catch(() => undefined);
  });
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SqlMisuse || error instanceof SqlUnavailable, String(error));
}

async function abortGroup(world: World, handle: Handle, model: Model): Promise<void> {
  const id = world.nextId++;
  const done = await tolerate(world, handle.query(insertSlowly, [id, model.mark], { signal: soon(world) }), model, id);
  if (done) model.stored.add(id);
}

async function abortTransaction(world: World, handle: Handle, model: Model): Promise<void> {
  const id = world.nextId++;
  const work = handle.begin(
    async (tx) => {
      await tx.query(insert, [id, model.mark]);
      await tx.query('select pg_sleep(0.003)');
      return true;
    },
    { signal: soon(world) },
  );
  if (await tolerate(world, work, model, id)) model.stored.add(id);
}

async function platform(world: World): Promise<void> {
  await expectState(world, world.sql.platform().query('select * from note'), '22P02');
}

function soon(world: World): AbortSignal {
  return AbortSignal.timeout(world.random(6));
}

/** Awaits what may be aborted or lost; a lost one leaves its id in doubt. Any other error fails the walk. */
async function tolerate<T>(world: World, work: Promise<T>, model?: Model, id?: bigint): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SqlAborted) {
      count(world, 'aborted');
      return undefined;
    }
    if (!isAway(error)) throw error;
    count(world, 'lost');
    if (model && id !== undefined && error.sent) model.doubtful.add(id);
    return undefined;
  }
}

async function expectState(world: World, work: Promise<unknown>, sqlstate: string): Promise<void> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (isAway(error)) return;
  assert.ok(error instanceof PostgresError, `${sqlstate} expected, not ${String(error)}`);
  assert.equal(error.sqlstate, sqlstate);
  count(world, sqlstate);
}

/** The connection was killed, or the pool replaced before the group was sent. */
function isAway(error: unknown): error is SqlUnavailable {
  return error instanceof SqlUnavailable && (error.reason === 'lost' || error.reason === 'closed');
}

function draw(ticket: number): (typeof steps)[number] {
  let left = ticket;
  for (const step of steps) {
    left -= step[0];
    if (left < 0) return step;
  }
  throw new Error('no step');
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T;
}

/** mulberry32: the same seed gives the same draws. */
function generator(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
