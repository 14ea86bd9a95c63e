import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deployDatabase, serviceUrl } from '#kernel/migrate/database.ts';
import { deploySchema } from '#kernel/migrate/deploy.ts';
import { prepareCluster } from '#seams/sql/embedded/cluster.ts';
import { startPostgres } from '#seams/sql/embedded/postgres.ts';
import { openSql } from '#seams/sql/sql.ts';

/** The size of what is read: every tenant has the same number of rows. */
export const tenants = 1000;
export const rows = 500_000;

/** A PostgreSQL of the run's own, as `up` starts it, with both tables full; its URL is that of the service's login. */
export async function openPlace(): Promise<{ url: URL; socket: string; version: string } & AsyncDisposable> {
  const data = await mkdtemp(join(process.env.GAMUT_BENCH_DATA ?? '/var/tmp', 'gamut-rls-'));
  const cluster = await prepareCluster(data);
  const server = await startPostgres(cluster);
  const admin = openSql(await deployDatabase(server.url, 'bench'), { max: 1, statementTimeoutMs: 0 });
  const password = 'bench';
  await deploySchema({
    admin,
    deployment: 'bench',
    service: 'rls',
    folder: join(import.meta.dirname, 'migration'),
    password,
    platformLevel: ['plain_item'],
  });
  for (const table of ['safe_item', 'plain_item']) {
    await admin.platform().script(`insert into rls.${table} (tenant, scope, id, body)
      select 1 + g % ${tenants}, 1, g / ${tenants}, repeat(md5(g::text), 4) from generate_series(0, ${rows - 1}) g; analyze rls.${table};`);
  }
  await admin.platform().script('checkpoint');
  const { rows: versions } = await admin.platform().query<{ version: string }>("select current_setting('server_version') as version");
  await admin.close();
  return {
    url: serviceUrl(server.url, 'bench', 'rls', password),
    socket: cluster.socket,
    version: versions[0]?.version ?? '',
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}
