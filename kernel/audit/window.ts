import { auditWindowMs, windowEntriesMax } from './limits.ts';
import type { AuditRecord } from './record.ts';

/** What stays the same in a window: everything but the counts. */
export type WindowKey = Omit<AuditRecord, 'at' | 'count' | 'bytes' | 'requestId' | 'detail' | 'log' | 'offset'>;

/** One open window: counts of like requests since `at`. */
export type WindowEntry = { readonly key: WindowKey; at: number; count: number; bytes: number; requestId: string };

/** Windows of one second per caller, operation, resource and outcome, written out when the second is over. */
export class AuditWindows {
  readonly #open = new Map<string, WindowEntry>();
  readonly #write: (record: AuditRecord) => void;
  readonly #now: () => number;

  constructor(write: (record: AuditRecord) => void, now: () => number) {
    this.#write = write;
    this.#now = now;
  }

  /** The entry to count in; hot paths keep it and count by themselves (a flush empties it, but it stays theirs). */
  entry(key: WindowKey): WindowEntry {
    const id = `${key.scope}\0${key.credential}\0${key.principal}\0${key.via ?? ''}\0${key.face}\0${key.operation}\0${key.kind}\0${key.name}\0${key.outcome}`;
    const known = this.#open.get(id);
    if (known) return known;
    if (this.#open.size >= windowEntriesMax) this.flush();
    const made: WindowEntry = { key, at: this.#now(), count: 0, bytes: 0, requestId: '' };
    this.#open.set(id, made);
    return made;
  }

  /** Counts one request. */
  add(key: WindowKey, bytes: number, requestId: string): void {
    const entry = this.entry(key);
    entry.count += 1;
    entry.bytes += bytes;
    entry.requestId = requestId;
  }

  /** Writes every window with something in it; one that stayed empty is let go. */
  flush(): void {
    const now = this.#now();
    for (const [id, entry] of this.#open) {
      if (entry.count === 0) {
        this.#open.delete(id);
        continue;
      }
      this.#write({
        ...entry.key,
        at: Math.floor(entry.at / auditWindowMs) * auditWindowMs,
        count: entry.count,
        bytes: entry.bytes,
        requestId: entry.requestId,
      });
      entry.at = now;
      entry.count = 0;
      entry.bytes = 0;
    }
  }
}
