import type { Session } from '#kernel/contract/session.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { notBuilt } from '#engine/pgwire/statement-error.ts';
import { databasesIn } from '../../domain/name.ts';
import type { analytics } from '../../service.ts';
import { isRead, type Relation } from '../../store/relation.ts';

type Decided = 'ReadView' | 'ReadSource' | 'ReadTable' | 'WriteTable' | 'SubscribeView' | 'SubscribeTable';

/** By which operation relations are read. */
export const reading = { view: 'ReadView', source: 'ReadSource', table: 'ReadTable' } as const;

/** By which operation relations are dropped. */
export const dropping = {
  view: 'DeleteView',
  query: 'DeleteQuery',
  source: 'DeleteSource',
  sink: 'DeleteSink',
  table: 'DeleteTable',
  type: 'DeleteType',
} as const;

/** What is decided of a relation before anything of it is told. */
export async function decide(session: Session<typeof analytics>, operation: Decided, name: string): Promise<void> {
  const grant = session.grant(operation, name);
  if (!grant.denied) return;
  await grant.recorded;
  throw grant.denied;
}

/** Decides the reading of all of them. */
export async function decideReads(session: Session<typeof analytics>, relations: readonly Relation[]): Promise<void> {
  for (const { name, kind } of relations.filter(isRead)) await decide(session, reading[kind], name);
}

/** Relations are those of the database that the connection is to. Throws StatementError for a name of another. */
export function checkDatabase(statement: unknown, text: string, scope: bigint): void {
  if (!/\.[^.]*\./.test(text)) return;
  const own = formatId(scope);
  if ([...databasesIn(statement)].some((name) => name !== own)) throw notBuilt(`A reference to another database than ${own}`);
}
