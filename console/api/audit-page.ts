import { exportPageMax } from '../limits.ts';
import type { Api } from './call.ts';

/** An OCSF event as far as the console looks into it; null where the key that sealed it is gone. */
export type AuditEvent = { readonly actor?: { readonly user?: { readonly uid?: string } } } | null;
export type AuditEventPage = {
  readonly items: readonly { readonly sequence: number; readonly event: AuditEvent }[];
  readonly next?: number;
};

/** The audit log from a record on, oldest first, page by page. */
export async function* auditPages(api: Api, from: number, signal: AbortSignal): AsyncGenerator<AuditEventPage> {
  for (let after: number | undefined = from; after !== undefined; ) {
    const page: AuditEventPage = await api.call('platform', 'ExportAudit', '', { after, limit: exportPageMax }, { signal });
    yield page;
    after = page.next;
  }
}
