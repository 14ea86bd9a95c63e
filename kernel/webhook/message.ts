import { formatId } from '../tenancy/id.ts';

/** An event as it lies in the stream. */
export type StoredEvent = {
  readonly sequence: bigint;
  readonly scope: bigint;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: Date;
  readonly subject: string;
  readonly data: unknown;
};

/** The body of a delivery: the event as a CloudEvent in structured form, with where it stands in the stream. */
export function messageOf(event: StoredEvent): string {
  return JSON.stringify({
    specversion: '1.0',
    id: event.id,
    source: event.source,
    type: event.type,
    time: event.time.toISOString(),
    subject: event.subject,
    datacontenttype: 'application/json',
    gamutsequence: event.sequence.toString(),
    gamutenvironment: event.scope === 0n ? '' : formatId(event.scope),
    data: event.data,
  });
}

/** A filter's types as patterns of LIKE: a name, or the beginning of one before `*`. */
export function patternsOf(types: readonly string[]): string[] {
  return types.map((type) => type.replace(/[\\%_]/g, (sign) => `\\${sign}`).replace(/\*$/, '%'));
}
