import { useEffect, useMemo, useRef } from 'react';
import { type AuditFilter, type AuditRecord, useAudit } from '../api/audit.ts';
import type { Stream } from '../api/stream.ts';
import { useServed } from '../api/contract.ts';
import { auditReadAheadMax } from '../limits.ts';
import { isGood } from './outcome.tsx';

const rowsWanted = 30;

/**
 * The audit log, with or without the reads that went well: pages that are open read all the time, and what was changed
 * or refused would drown among them. Older pages are fetched until there are rows enough to fill the table.
 */
export function useRecords(filter: AuditFilter, withReads: boolean): Stream<AuditRecord> {
  const stream = useAudit(filter);
  const services = useServed().value?.services;
  const { items, more, busy, loadMore, problem } = stream;
  const shown = useMemo(
    () =>
      withReads
        ? items
        : items?.filter((record) => {
            const effect = services?.[record.service]?.operations[record.operation]?.effect;
            return effect !== 'read' || !isGood(record.outcome);
          }),
    [items, withReads, services],
  );
  const ahead = useRef({ filter, count: 0 });
  if (ahead.current.filter !== filter) ahead.current = { filter, count: 0 };
  useEffect(() => {
    if (!shown || shown.length >= rowsWanted || !more || busy || problem || ahead.current.count >= auditReadAheadMax) return;
    ahead.current.count++;
    loadMore();
  }, [shown, more, busy, problem, loadMore]);
  return { ...stream, items: shown };
}
