import type { Handlers } from '#kernel/contract/call.ts';
import { assertCallable, assertReachable, outbound } from '#kernel/outbound/outbound.ts';
import { PostgresError, SqlRefused, SqlUnavailable } from '#seams/sql/error.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { checkConnection, type ConnectionSpec } from '../../domain/connection.ts';
import { askBucket } from '../../jobs/bucket.ts';
import { openTarget } from '../../jobs/postgres-carrier.ts';
import type { analytics } from '../../service.ts';
import { requestAnswerMaxBytes, requestMs } from '../limits.ts';
import type { World } from './world.ts';
import { worded } from './world.ts';

type Own = Pick<
  Handlers<typeof analytics>,
  'CreateConnection' | 'UpdateConnection' | 'ListConnections' | 'DeleteConnection' | 'UseConnection'
>;

export function connectionHandlers({ connections, allow }: World): Own {
  return {
    CreateConnection: (call) =>
      worded(async () => {
        const { name, ...spec } = call.input;
        checkConnection(spec);
        assertPublic(spec, allow);
        const { kind, address } = await connections.create(call.caller, name, spec);
        return { output: { name, kind, address } };
      }),
    UpdateConnection: (call) =>
      worded(async () => {
        checkConnection(call.input);
        assertPublic(call.input, allow);
        const { name, kind, address } = await connections.change(call.caller, call.ref.name, call.input);
        return { output: { name, kind, address } };
      }),
    ListConnections: async (call) => ({
      output: { items: (await connections.list(call.caller)).map(({ name, kind, address }) => ({ name, kind, address })) },
    }),
    DeleteConnection: (call) =>
      worded(async () => {
        await connections.drop(call.caller, call.ref.name);
        return { output: {} };
      }),
    UseConnection: (call) =>
      worded(async () => {
        const { spec } = await connections.open(call.caller, call.ref.name);
        await told(() => asked(spec, allow, call.signal));
        return { output: {} };
      }),
  };
}

/** Refuses an address that is private and not listed; names are looked up when they are used. */
function assertPublic({ kind, url }: ConnectionSpec, allow: readonly string[]): void {
  if (kind !== 'postgres') return void assertCallable(url, allow);
  const { hostname, port } = new URL(url);
  assertReachable(hostname.replaceAll(/[[\]]/g, ''), Number(port || 5432), allow);
}

/** Asks what a connection leads to whether it is there. */
export async function asked(spec: ConnectionSpec, allow: readonly string[], signal: AbortSignal): Promise<void> {
  if (spec.kind === 'postgres') {
    await using sql = openTarget(spec, allow);
    await sql.platform().query('select 1', [], { signal });
    return;
  }
  if (spec.kind === 's3') {
    const { status } = await askBucket(spec, { method: 'HEAD', key: '' }, allow, signal);
    if (status !== 200) throw new StatementError('08006', `the bucket answered ${status}`);
    return;
  }
  const ca = spec.ca === undefined ? {} : { ca: spec.ca };
  // Whatever the answer: somebody is there.
  await outbound(spec.url, {
    ...{ method: 'HEAD', allow, signal, redirects: 0, ...ca },
    limits: { timeoutMs: requestMs, answerBytes: requestAnswerMaxBytes },
  });
}

/** What the other side refuses, and that it cannot be reached, as errors of the statement. */
export async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PostgresError) throw new StatementError(error.sqlstate, `the connection's PostgreSQL answered: ${error.message}`);
    if (error instanceof SqlRefused || error instanceof SqlUnavailable) throw new StatementError('08006', error.message);
    throw error;
  }
}
