import { recordsKeptMax } from './limits.ts';
import type { RecordKind } from './record.ts';

/** What the check of a credential reads. Policies are kept compiled by who decides, and resources are too many. */
const kinds: ReadonlySet<RecordKind> = new Set(['platform', 'tenant', 'scope', 'principal', 'credential', 'session', 'key', 'accessKey']);

/**
 * Records of the snapshot as they were decoded, which costs most of a credential's check, until the snapshot moves. Of what
 * is not there nothing is kept: who tries unknown names must not push out the known.
 */
export class KeptRecords {
  readonly #stamp: () => string;
  readonly #records = new Map<string, unknown>();
  #at = '';
  #hasLooked = false;
  readonly #nextTurn = () => {
    this.#hasLooked = false;
  };

  /** `stamp` is another one after each commit. */
  constructor(stamp: () => string) {
    this.#stamp = stamp;
  }

  /** The record of a key, as new as this turn of the event loop. */
  get<T>(kind: RecordKind, key: readonly string[], read: () => T | undefined): T | undefined {
    if (!kinds.has(kind)) return read();
    this.#look();
    const name = key.length === 1 ? `${kind}\0${key[0]}` : `${kind}\0${key.join('\0')}`;
    const known = this.#records.get(name);
    if (known !== undefined) return known as T;
    const record = read();
    if (record === undefined) return undefined;
    if (this.#records.size >= recordsKeptMax) this.#records.clear();
    this.#records.set(name, record);
    return record;
  }

  /** Looks again whether the snapshot moved. */
  refresh(): void {
    this.#hasLooked = false;
  }

  #look(): void {
    if (this.#hasLooked) return;
    this.#hasLooked = true;
    setImmediate(this.#nextTurn);
    const stamp = this.#stamp();
    if (stamp === this.#at) return;
    this.#at = stamp;
    this.#records.clear();
  }
}
