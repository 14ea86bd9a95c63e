import { auditWindowMs, windowEntriesMax } from './limits.ts';
import type { AuditRecord } from './record.ts';

/** What stays the same in a window: everything but the counts. */
export type WindowKey = Omit<AuditRecord, 'at' | 'count' | 'bytes' | 'requestId' | 'detail' | 'log' | 'offset'>;

/** Where like requests are counted. Hot paths keep it: however long it was idle, what it counts next is written again. */
export class WindowEntry {
  readonly key: WindowKey;
  readonly #begin: (entry: WindowEntry) => void;
  /** Whether something was counted since the last flush. */
  begun = false;
  at = 0;
  count = 0;
  bytes = 0;
  requestId = '';

  constructor(key: WindowKey, begin: (entry: WindowEntry) => void) {
    this.key = key;
    this.#begin = begin;
  }

  add(count: number, bytes: number): void {
    if (!this.begun) this.#begin(this);
    this.count += count;
    this.bytes += bytes;
  }
}

/** Windows of one second per caller, operation, resource and outcome, written out when the second is over. */
export class AuditWindows {
  readonly #known = new Map<string, WindowEntry>();
  #begun: WindowEntry[] = [];
  readonly #write: (record: AuditRecord) => void;
  readonly #now: () => number;

  constructor(write: (record: AuditRecord) => void, now: () => number) {
    this.#write = write;
    this.#now = now;
  }

  /** The entry to count in. */
  entry(key: WindowKey): WindowEntry {
    const { scope, credential, principal, via = '', face, operation, kind, name, outcome } = key;
    const id = `${scope}\0${credential}\0${principal}\0${via}\0${face}\0${operation}\0${kind}\0${name}\0${outcome}`;
    const known = this.#known.get(id);
    if (known) return known;
    if (this.#known.size >= windowEntriesMax) this.flush();
    const made = new WindowEntry(key, this.#begin);
    this.#known.set(id, made);
    return made;
  }

  readonly #begin = (entry: WindowEntry): void => {
    entry.begun = true;
    entry.at = this.#now();
    this.#begun.push(entry);
  };

  /** Counts one request. */
  add(key: WindowKey, bytes: number, requestId: string): void {
    const entry = this.entry(key);
    entry.add(1, bytes);
    entry.requestId = requestId;
  }

  /** Writes every window with something in it; who is not counted in, is looked for no longer. */
  flush(): void {
    for (const [id, { begun }] of this.#known) if (!begun) this.#known.delete(id);
    if (this.#known.size >= windowEntriesMax) this.#known.clear();
    const begun = this.#begun;
    this.#begun = [];
    for (const entry of begun) {
      const { key, count, bytes, requestId } = entry;
      this.#write({ ...key, at: Math.floor(entry.at / auditWindowMs) * auditWindowMs, count, bytes, requestId });
      entry.begun = false;
      entry.count = 0;
      entry.bytes = 0;
    }
  }
}
