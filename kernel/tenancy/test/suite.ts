import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { deployDatabase, serviceUrl } from '#kernel/migrate/database.ts';
import { deploySchema } from '#kernel/migrate/deploy.ts';
import { serviceNames } from '#kernel/migrate/name.ts';
import { PostgresError } from '#seams/sql/error.ts';
import { type Handle, openSql, type Sql } from '#seams/sql/sql.ts';
import { walk } from './walk.ts';

const deployment = 'suite1';
const levels = { tenantLevel: ['setting'], platformLevel: ['currency'] };

/** Where the tests run: as a role with CREATEROLE and CREATEDB, with a superuser's address to kill connections by. */
export type Place = { readonly url: string; readonly superuserUrl: string } & AsyncDisposable;

/** The tests of tenancy against one PostgreSQL. */
export function tenancySuite(start: () => Promise<Place>, operations: number): void {
  let server: Place;
  let admin: Sql;
  let sql: Sql;
  let url: URL;

  before(async () => {
    server = await start();
    admin = openSql(await deployDatabase(server.url, deployment), { max: 2 });
    const folder = join(import.meta.dirname, 'fixtures/migration');
    await deploySchema({ admin, deployment, service: 'notes', folder, password: 'first', ...levels });
    await deploySchema({ admin, deployment, service: 'other', folder, password: 'other', ...levels });
    url = serviceUrl(server.url, deployment, 'notes', 'first');
    sql = openSql(url, { max: 4 });
  });
  after(async () => {
    await sql?.close();
    await admin?.close();
    await server?.[Symbol.asyncDispose]();
  });

  const a = () => sql.as({ tenant: 1n, scope: 1n });
  const insert = 'insert into note (id, mark) values ($1, $2)';

  test('a row is seen by its tenant and scope alone', async () => {
    await a().query(insert, [1n, '1:1']);
    assert.deepEqual((await a().query('select tenant, scope, id from note')).rows, [{ tenant: 1n, scope: 1n, id: 1n }]);
    for (const stranger of [
      { tenant: 2n, scope: 1n },
      { tenant: 1n, scope: 2n },
    ]) {
      const counts = await sql
        .as(stranger)
        .group([
          { text: 'select * from note' },
          { text: "update note set body = 'mine'" },
          { text: 'delete from note' },
          { text: 'select * from note where tenant = 1' },
        ]);
      assert.deepEqual(
        counts.map(({ count }) => count),
        [0, 0, 0, 0],
      );
    }
    assert.deepEqual((await a().query('select body from note')).rows, [{ body: '' }]);
  });

  test('a row for another tenant or scope cannot be written, nor one of our own be moved there', async () => {
    const full = 'insert into note (tenant, scope, id, mark) values ($1, $2, 9, $3)';
    await refused(a(), '42501', full, [2n, 1n, 'x']);
    await refused(a(), '42501', full, [1n, 2n, 'x']);
    await refused(a(), '42501', 'update note set tenant = 2');
    await refused(a(), '42501', 'update note set scope = 2');
    await refused(a(), '42501', 'insert into setting (tenant, name, value) values (2, $1, $2)', ['n', 'v']);
  });

  test('the same key of two tenants does not meet', async () => {
    await sql.as({ tenant: 3n, scope: 1n }).query(insert, [1n, '3:1']);
    await refused(sql.as({ tenant: 3n, scope: 1n }), '23505', insert, [1n, '3:1']);
  });

  test('a table of the tenant level is shared by the scopes of its tenant', async () => {
    await a().query('insert into setting (name, value) values ($1, $2)', ['n', 'v']);
    assert.equal((await sql.as({ tenant: 1n, scope: 2n }).query('select * from setting')).count, 1);
    assert.equal((await sql.as({ tenant: 2n, scope: 1n }).query('select * from setting')).count, 0);
  });

  test('an unset scope is an error and not an empty answer, on a fresh connection and on a used one', async () => {
    await using fresh = openSql(url, { max: 1 });
    await assert.rejects(fresh.platform().script('select * from note'), (error: PostgresError) => error.sqlstate === '42704');
    await fresh.as({ tenant: 1n, scope: 1n }).query('select * from note');
    await assert.rejects(fresh.platform().script('select * from note'), (error: PostgresError) => error.sqlstate === '22P02');
    await refused(fresh.platform(), '22P02', 'select * from note');
    await refused(fresh.platform(), '22P02', insert, [7n, 'x']);
  });

  test('the service can neither switch its security off nor reach beyond its schema', async () => {
    const { owner } = serviceNames(deployment, 'notes');
    const attempts: [string, string][] = [
      ['42501', 'alter table note disable row level security'],
      ['42501', 'alter table note no force row level security'],
      ['42501', 'drop policy gamut_scope on note'],
      ['42501', 'create policy all_rows on note using (true)'],
      ['42501', 'truncate note'],
      ['42501', 'drop table note'],
      ['42501', 'create table mine (id int)'],
      ['42501', 'create temporary table mine (id int)'],
      ['42501', 'create table public.mine (id int)'],
      ['42501', 'select * from other.note'],
      ['42501', 'select * from gamut.migration'],
      ['42501', `set local role "${owner}"`],
      ['42501', 'create schema mine'],
    ];
    for (const [sqlstate, text] of attempts) await refused(a(), sqlstate, text);
    await assert.rejects(
      a().begin(async (tx) => {
        await tx.query('set local row_security = off');
        await tx.query('select * from note');
      }),
      (error: PostgresError) => error.sqlstate === '42501',
    );
  });

  test('the scope becomes an index condition', async () => {
    const { rows } = await a().query<{ 'QUERY PLAN': string }>('explain select * from note where id = 1');
    assert.match(rows.map((row) => row['QUERY PLAN']).join('\n'), /Index Cond: \(\(tenant = .*\) AND \(scope = .*\) AND \(id = 1\)\)/);
  });

  test(`over ${operations} random interleavings of rollback, error, cancel, loss and reuse no row crosses`, async (t) => {
    await using superuser = openSql(server.superuserUrl, { max: 1 });
    const report = await walk({ url, superuser, operations, seed: Number(process.env.GAMUT_SEED ?? Date.now() % 1e9) });
    t.diagnostic(JSON.stringify(report));
    assert.equal(report.operations, operations);
  });
}

async function refused(handle: Handle, sqlstate: string, text: string, params: readonly unknown[] = []): Promise<void> {
  await assert.rejects(handle.query(text, params), (error: unknown) => {
    assert.ok(error instanceof PostgresError, String(error));
    assert.equal(error.sqlstate, sqlstate, `${text}: ${error.message}`);
    return true;
  });
}
