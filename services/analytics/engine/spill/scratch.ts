import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { type Database, open, type RootDatabase } from 'lmdb';
import { fault } from '#kernel/contract/fault.ts';
import { Overrun } from '../../domain/routine.ts';
import { scratchTablesMax } from './limits.ts';

const [nonceLength, tagLength, nameLength] = [12, 16, 16] as const;

const nothing = Buffer.alloc(0);

/** Why a view stands still that has no more room on disk; PostgreSQL's class 53. */
const full = (reason: string) => new Overrun('53100', `what it remembers has no room on disk: ${reason}`);

/** Records as they were at a moment; `close` gives them up. */
type ScratchSnapshot = { readonly values: Iterable<Buffer>; close(): void };

/**
 * What left the memory of one view: tables of records in LMDB, in a directory of its own that goes with it. Nothing in there is
 * to outlive the process: records are sealed with a key that is nowhere but in memory (AES-256-GCM, the nonce a counter), and
 * found by a hash of their names with another secret, so that neither tells anything of what is in them.
 */
export class Scratch {
  readonly #directory: string;
  readonly #bytesMax: number;
  readonly #key = randomBytes(32);
  readonly #secret = randomBytes(32).toString('base64');
  #sealed = 0;
  #environment: RootDatabase<Buffer, Buffer> | undefined;
  /** What ends those who read it as it was. */
  readonly #snapshots = new Set<() => void>();

  /** Nothing is on disk until something is put there. */
  constructor(directory: string, bytesMax: number) {
    this.#directory = directory;
    this.#bytesMax = bytesMax;
  }

  get #opened(): RootDatabase<Buffer, Buffer> {
    if (this.#environment) return this.#environment;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#environment = open<Buffer, Buffer>({
      ...{ path: this.#directory, maxDbs: scratchTablesMax, encoding: 'binary', keyEncoding: 'binary' },
      ...{ noSync: true, overlappingSync: false, eventTurnBatching: false },
    });
    return this.#environment;
  }

  table(name: string): ScratchTable {
    return new ScratchTable(this, name, (of) =>
      this.#opened.openDB<Buffer, Buffer>({ name: of, encoding: 'binary', keyEncoding: 'binary' }),
    );
  }

  /** Bytes of its file, with those that are free for more. */
  get bytes(): number {
    if (!this.#environment) return 0;
    const { lastPageNumber = 0, pageSize } = this.#environment.getStats() as { lastPageNumber?: number; pageSize: number };
    return lastPageNumber * pageSize;
  }

  /** Changes tables together or, where the disk is full, not at all; `open` makes those that are not there yet. */
  change(open: () => void, run: () => void): void {
    if (this.bytes > this.#bytesMax) throw full(`it may have ${this.#bytesMax} bytes there`);
    try {
      open();
      this.#opened.transactionSync(run);
    } catch (error) {
      // LMDB's wrapper rejects a promise beside the error, which nobody else would handle.
      const { commitError } = error as { readonly commitError?: Promise<never> };
      commitError?.catch(() => undefined);
      // Errors of LMDB and of the system are plain ones.
      if (!(error instanceof Error) || Object.getPrototypeOf(error) !== Error.prototype) throw error;
      throw full(error.message);
    }
  }

  /** The name under which a record is found. */
  named(table: string, name: string): Buffer {
    return hash('sha256', `${this.#secret}${table} ${name}`, 'buffer').subarray(0, nameLength);
  }

  seal(name: Buffer, plain: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafe(nonceLength + tagLength + plain.length);
    this.#sealed += 1;
    sealed.writeUIntBE(this.#sealed, 0, 6);
    sealed.fill(0, 6, nonceLength);
    const cipher = createCipheriv('aes-256-gcm', this.#key, sealed.subarray(0, nonceLength));
    cipher.setAAD(name);
    cipher.update(plain).copy(sealed, nonceLength + tagLength);
    cipher.final();
    cipher.getAuthTag().copy(sealed, nonceLength);
    return sealed;
  }

  readonly opened = (name: Buffer, sealed: Buffer): Buffer => {
    const cipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, nonceLength));
    cipher.setAAD(name);
    cipher.setAuthTag(sealed.subarray(nonceLength, nonceLength + tagLength));
    const plain = cipher.update(sealed.subarray(nonceLength + tagLength));
    cipher.final();
    return plain;
  };

  /** Records of a table as they are now, whatever becomes of them; it ends with what they are of. */
  snapshot(rows: Database<Buffer, Buffer>): ScratchSnapshot {
    const transaction = this.#opened.useReadTransaction();
    const range = rows.getRange({ transaction })[Symbol.iterator]();
    let isOpen = true;
    const close = () => {
      if (!isOpen) return;
      isOpen = false;
      this.#snapshots.delete(close);
      range.return?.();
      transaction.done();
    };
    this.#snapshots.add(close);
    const { opened } = this;
    function* values(): Generator<Buffer> {
      for (;;) {
        if (!isOpen) throw fault('Unavailable', 'What was read is kept no longer; ask again.');
        const next = range.next();
        if (next.done) return;
        yield opened(next.value.key as Buffer, next.value.value);
      }
    }
    return { values: values(), close };
  }

  /** Takes all of it from the disk. */
  async close(): Promise<void> {
    for (const close of this.#snapshots) close();
    const environment = this.#environment;
    this.#environment = undefined;
    if (!environment) return;
    rmSync(this.#directory, { recursive: true, force: true });
    await environment.close();
  }
}

/** Records by name, of one operator. */
export class ScratchTable {
  readonly #scratch: Scratch;
  readonly #name: string;
  readonly #open: (name: string) => Database<Buffer, Buffer>;
  #rows: Database<Buffer, Buffer> | undefined;
  /** Under what else records are found: that, and behind it their key. */
  #index: Database<Buffer, Buffer> | undefined;

  constructor(scratch: Scratch, name: string, open: (name: string) => Database<Buffer, Buffer>) {
    this.#scratch = scratch;
    this.#name = name;
    this.#open = open;
  }

  /** Changes of this and other tables together. */
  change(run: () => void): void {
    // A table cannot be made within a change.
    const open = () => {
      this.#rows ??= this.#open(this.#name);
      this.#index ??= this.#open(`${this.#name} index`);
    };
    this.#scratch.change(open, run);
  }

  get(name: string): Buffer | undefined {
    if (!this.#rows) return undefined;
    const key = this.#scratch.named(this.#name, name);
    const sealed = this.#rows.get(key);
    return sealed && this.#scratch.opened(key, sealed);
  }

  /** Within a change. */
  put(name: string, record: Uint8Array): void {
    const key = this.#scratch.named(this.#name, name);
    void this.#rows?.put(key, this.#scratch.seal(key, record));
  }

  /** Within a change. */
  remove(name: string): void {
    void this.#rows?.remove(this.#scratch.named(this.#name, name));
  }

  /** All records, in no order. */
  *values(): Generator<Buffer> {
    if (!this.#rows) return;
    for (const { key, value } of this.#rows.getRange()) yield this.#scratch.opened(key, value);
  }

  /** All records as they are now, to be read while they change. */
  snapshot(): ScratchSnapshot | undefined {
    return this.#rows && this.#scratch.snapshot(this.#rows);
  }

  #under(under: string): Buffer {
    return this.#scratch.named(`${this.#name} index`, under);
  }

  /** Has a record found under something else besides its name. Within a change. */
  putUnder(under: string, name: string): void {
    void this.#index?.put(Buffer.concat([this.#under(under), this.#scratch.named(this.#name, name)]), nothing);
  }

  /** Within a change. */
  removeUnder(under: string, name: string): void {
    void this.#index?.remove(Buffer.concat([this.#under(under), this.#scratch.named(this.#name, name)]));
  }

  /** The records that are found under something. */
  *under(under: string): Generator<Buffer> {
    for (const [, record] of this.entriesUnder(under)) if (record) yield record;
  }

  /** The same with what they are found by, also where there is no such record any more. */
  *entriesUnder(under: string): Generator<readonly [key: Buffer, record: Buffer | undefined]> {
    if (!this.#rows || !this.#index) return;
    const start = this.#under(under);
    const end = Buffer.concat([start, Buffer.alloc(nameLength, 0xff)]);
    for (const key of this.#index.getKeys({ start, end })) {
      const name = key.subarray(nameLength);
      const sealed = this.#rows.get(name);
      yield [Buffer.from(key), sealed && this.#scratch.opened(name, sealed)];
    }
  }

  /** Within a change. */
  removeEntry(key: Buffer): void {
    void this.#index?.remove(key);
  }
}
