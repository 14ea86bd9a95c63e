import { randomBytes } from 'node:crypto';
import { withLogin } from '#seams/sql/address.ts';
import { prepareCluster } from '#seams/sql/embedded/cluster.ts';
import { startPostgres } from '#seams/sql/embedded/postgres.ts';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import { asker, owner, roleScript, templateScript } from './catalogue-template.ts';

/** A PostgreSQL beside the platform's, which holds nothing but names: a database for each environment that asked. */
export type CatalogueServer = {
  /** Where one asks in a database. */
  askedAt(database: string): URL;
  /** Where a database is filled. */
  filledAt(database: string): URL;
  make(database: string): Promise<void>;
  drop(database: string): Promise<void>;
  stop(): Promise<void>;
};

const template = 'shadow';
// Nothing in it outlives the process that filled it.
const settings = { fsync: 'off', full_page_writes: 'off', autovacuum: 'off', shared_buffers: '16MB', max_connections: '60' };

/** Starts it below the platform's data directory; what an earlier process left in it goes. */
export async function startCatalogueServer(data: string, run: string): Promise<CatalogueServer> {
  const server = await startPostgres(await prepareCluster(data, { name: 'catalogue', run }), { settings });
  try {
    const password = randomBytes(24).toString('hex');
    const admin = openSql(server.url, { max: 1, statementTimeoutMs: 0 });
    await prepare(admin, server.url, password);
    const name = (database: string) => `"${database.replaceAll('"', '""')}"`;
    return {
      askedAt: (database) => withLogin(server.url, { user: asker, password, database }),
      filledAt: (database) => withLogin(server.url, { database }),
      make: async (database) => {
        await admin.platform().script(`create database ${name(database)} template ${template} owner ${owner} strategy file_copy`);
        await admin.platform().script(`revoke all on database ${name(database)} from public`);
        await admin.platform().script(`grant connect on database ${name(database)} to ${asker}`);
      },
      drop: (database) => admin.platform().script(`drop database if exists ${name(database)} with (force)`),
      stop: async () => {
        await admin.close();
        await server.stop('immediate');
      },
    };
  } catch (error) {
    await server.stop('immediate');
    throw error;
  }
}

async function prepare(admin: Sql, url: string, password: string): Promise<void> {
  const platform = admin.platform();
  const { rows } = await platform.query<{ name: string }>(
    `select datname as name from pg_database where datname not in ('postgres', 'template0', 'template1')`,
  );
  for (const { name } of rows) await platform.script(`drop database "${name.replaceAll('"', '""')}" with (force)`);
  await platform.script(roleScript(password));
  await platform.script(`create database ${template}`);
  await using own = openSql(withLogin(url, { database: template }), { max: 1, statementTimeoutMs: 0 });
  await own.platform().script(templateScript);
}
