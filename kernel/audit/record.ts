/** The types of record in a journal. */
export const recordType = { audit: 1, usage: 2, event: 3, life: 4, ingest: 5 } as const;

/** One audit record as it lies in a journal: a request, or a window of `count` like ones. Ids are text. */
export type AuditRecord = {
  readonly at: number;
  readonly tenant: string;
  readonly scope: string;
  readonly service: string;
  readonly operation: string;
  readonly kind: string;
  readonly name: string;
  readonly principal: string;
  readonly credential: string;
  readonly via?: string;
  readonly face: string;
  readonly outcome: string;
  readonly count: number;
  readonly bytes: number;
  readonly requestId: string;
  /** For records re-emitted from a service's own log: the log and its offset, which make the record unique. */
  readonly log?: string;
  readonly offset?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
};

/** Usage of one meter in one minute; `value` adds to what was recorded before (or replaces it, for a gauge). */
export type UsageRecord = {
  readonly tenant: string;
  readonly scope: string;
  readonly service: string;
  readonly meter: string;
  readonly minute: number;
  readonly value: string;
  readonly gauge?: true;
  /** A JSON object of strings with its names in order; absent where the meter has no dimensions. */
  readonly dimensions?: string;
};

/**
 * A usage event from outside: the same source and id count once in a scope. `at` is in milliseconds since 1970;
 * `dimensions` is a JSON object of strings with its names in order.
 */
export type IngestEvent = readonly [source: string, id: string, meter: string, at: number, value: number, dimensions?: string];

/** Usage events that came to one scope together. */
export type IngestRecord = { readonly tenant: string; readonly scope: string; readonly events: readonly IngestEvent[] };

/** A CloudEvent of a tenant. */
export type EventRecord = {
  readonly tenant: string;
  readonly scope: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly subject: string;
  readonly data: unknown;
};

/** A process opened its journal, or closed it in order; an open that no close precedes means that windows were lost. */
export type LifeRecord = { readonly at: number; readonly event: 'opened' | 'closed'; readonly service: string };
