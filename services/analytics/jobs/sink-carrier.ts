import type { Placed } from '#kernel/contract/provider.ts';
import type { Logs } from '#kernel/session/log-need.ts';
import { recordsOf, type Target } from '../domain/sink.ts';
import type { Connections } from '../store/connection.ts';
import type { Relation } from '../store/relation.ts';
import type { ConnectionSpec } from '../domain/connection.ts';
import type { Column } from '../domain/value.ts';
import type { Carrier } from './carrier.ts';
import { httpCarrier } from './http-carrier.ts';
import { postgresCarrier } from './postgres-carrier.ts';
import { s3Carrier } from './s3-carrier.ts';
import { topicCarrier } from './topic-carrier.ts';

/** What changes are carried with; `allow` are the private hosts that the operator listed. */
export type Carriers = { readonly logs: Logs; readonly connections: Connections; readonly allow: readonly string[] };

/** How the changes of a sink, or of a table, get to where they go. */
export function sinkCarrier({ logs, connections, allow }: Carriers, at: Placed, { id, columns }: Relation, target: Target): Carrier {
  const { connection, topic = '' } = target;
  if (connection === undefined)
    return topicCarrier(logs, at, { relation: id, lane: 0n }, { topic, records: (letters) => recordsOf(target, columns, letters) });
  // Secrets are unsealed when they are used, and not kept.
  return { open: async (signal) => over((await connections.open(at, connection)).spec, { target, columns, allow }).open(signal) };
}

function over(spec: ConnectionSpec, { target, columns, allow }: { target: Target; columns: readonly Column[]; allow: readonly string[] }) {
  if (spec.kind === 'postgres') return postgresCarrier(spec, target, columns, allow);
  if (spec.kind === 'http') return httpCarrier({ spec, target, columns, allow });
  return s3Carrier({ spec, target, columns, allow });
}
