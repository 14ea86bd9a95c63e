import { faultTable } from '../contract/fault.ts';
import { fault } from './fault.ts';
import type { Foreign, ForeignHost, ForeignSpec } from './plan.ts';

/** The embedded PostgreSQL as a process of a plan. It brings the secret `sql.admin`, the address of its superuser. */
export function postgresSpec(): ForeignSpec {
  return { name: 'postgres', kind: 'foreign', after: [], critical: true, start: (host) => start(host).catch(rethrow) };
}

async function start(host: ForeignHost): Promise<Foreign> {
  // Read only when it is needed: with an external database the supervisor stays smaller.
  const [{ prepareCluster }, { startPostgres }] = await Promise.all([
    import('#seams/sql/embedded/cluster.ts'),
    import('#seams/sql/embedded/postgres.ts'),
  ]);
  const cluster = await prepareCluster(host.data, { run: host.run });
  const server = await startPostgres(cluster, { onLine: (line) => host.output(Buffer.from(`${line}\n`)) });
  return {
    pid: server.pid,
    ended: server.exited.then((code) => `ended with code ${code}`),
    secrets: { 'sql.admin': server.url },
    stop: () => server.stop('fast'),
    kill: () => void server.stop('immediate').catch((error: Error) => host.output(Buffer.from(`${error.message}\n`))),
  };
}

/** The seam names a row of the kernel's table, which it may not import; here the row is found again. */
function rethrow(error: Error & { code?: unknown }): never {
  const code = String(error.code ?? '');
  throw faultTable().has(code) ? fault(code, { detail: error.message, cause: error }) : error;
}
