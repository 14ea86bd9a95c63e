import type { Session } from '#kernel/contract/session.ts';
import type { Cells, Field, Prepared } from '#engine/pgwire/application.ts';
import { oidOf } from '../../domain/value.ts';
import type { analytics } from '../../service.ts';
import { rows } from './prepared.ts';
import { lagColumns, lagOf } from './show-lag.ts';

const texts = (...names: readonly string[]): Field[] => names.map((name) => ({ name, oid: oidOf('text') }));

/** The columns of what SHOW shows. */
const shown = {
  sources: ['name', 'topic', 'connection', 'place', 'decoded_records', 'decoded_fields', 'failure'],
  tables: ['name', 'topic', 'key', 'epoch', 'rows'],
  views: [
    ...['name', 'source', 'epoch', 'groups', 'rejected', 'rejection', 'failure'],
    ...['memory_rows', 'disk_rows', 'memory_bytes', 'disk_bytes', 'shared_with', 'readers'],
  ],
  queries: ['name', 'source', 'text'],
  sinks: ['name', 'source', 'topic', 'format', 'envelope', 'key', 'epoch', 'rejected', 'rejection', 'connection', 'place', 'failure'],
  connections: ['name', 'type', 'address'],
  functions: ['name', 'text'],
  lag: lagColumns,
} as const;

/** SHOW of what there is. */
export function showing(session: Session<typeof analytics>, what: keyof typeof shown): Prepared {
  const rowsOf = async (signal: AbortSignal): Promise<Cells[]> => {
    if (what === 'sources') {
      const { output } = await session.invoke('ListSources', '', {}, { signal });
      return output.items.map(({ name, topic, origin, failure = null, decoded }) => [
        ...[name, topic, origin?.connection ?? null, origin?.table ?? origin?.path ?? null],
        ...[...[decoded?.records, decoded?.fields].map((count = 0) => String(count)), failure],
      ]);
    }
    if (what === 'tables') {
      const { output } = await session.invoke('ListTables', '', {}, { signal });
      return output.items.map(({ name, topic, key, epoch, rows: count }) => [name, topic, key.join(', '), epoch, count]);
    }
    if (what === 'sinks') {
      const { output } = await session.invoke('ListSinks', '', {}, { signal });
      return output.items.map(({ name, source, target, epoch, rejected, rejection = null, failure = null }) => [
        ...[name, source, target.topic ?? null, target.format, target.envelope, target.key.join(', '), epoch, rejected, rejection],
        ...[target.connection ?? null, target.table ?? target.path ?? null, failure],
      ]);
    }
    if (what === 'queries') {
      const { output } = await session.invoke('ListQueries', '', {}, { signal });
      return output.items.map(({ name, source, text }) => [name, source, text]);
    }
    if (what === 'lag') return await lagOf(session, signal);
    if (what === 'functions') {
      const { output } = await session.invoke('ListFunctions', '', {}, { signal });
      return output.items.map(({ name, text }) => [name, text]);
    }
    if (what === 'connections') {
      const { output } = await session.invoke('ListConnections', '', {}, { signal });
      return output.items.map(({ name, kind, address }) => [name, kind, address]);
    }
    const { output } = await session.invoke('ListViews', '', {}, { signal });
    return output.items.map(({ name, source, epoch, groups, rejected, rejection, failure, kept, shared, readers = 0 }) => [
      ...[name, source, epoch, groups, rejected, rejection ?? null, failure ?? null],
      ...(kept ? [kept.memoryRows, kept.diskRows, kept.memoryBytes, kept.diskBytes].map(String) : [null, null, null, null]),
      ...[shared ?? null, String(readers)],
    ]);
  };
  return rows('SHOW', texts(...shown[what]), (_, signal) => rowsOf(signal));
}
