import { type Stream, useStream } from './stream.ts';

export type AuditRecord = {
  readonly sequence: number;
  readonly at: number;
  readonly service: string;
  readonly operation: string;
  readonly kind: string;
  readonly name: string;
  readonly principal: string;
  readonly credential: string;
  readonly scope: string;
  readonly outcome: string;
  readonly count: number;
  readonly bytes: number;
  readonly requestId: string;
  readonly via?: string;
  readonly gap?: boolean;
  readonly erased?: boolean;
  readonly unreadable?: boolean;
};

export type EventRecord = {
  readonly sequence: number;
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly subject: string;
  readonly data: unknown;
};

export type AuditFilter = {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  readonly resource?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

export function useAudit(filter: AuditFilter, following = true): Stream<AuditRecord> {
  return useStream<AuditRecord>({ service: 'platform', operation: 'ListAudit', filter, following });
}

export function useEvents(type: string | undefined, following = true): Stream<EventRecord> {
  return useStream<EventRecord>({ service: 'platform', operation: 'ListEvents', filter: { type }, following });
}
