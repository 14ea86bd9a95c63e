import { ChunkFile, chunkName } from './chunk.ts';
import type { Book, Ledger } from './book.ts';
import type { Disk } from './disk.ts';
import { snapshotEveryBytes } from './limits.ts';
import { encodeSnapshot, type LedgerState, type Snapshot } from './snapshot.ts';
import { filesOf, isRunFile, Spill } from './spill.ts';

type Files = {
  readonly transfers: ChunkFile;
  readonly events: ChunkFile;
  readonly spill: Spill;
  transfersWritten: number;
  eventsWritten: number;
};

/** Rows whose ids and lists are kept in memory, if not as many as usual; and what is called when the disk fails. */
type Options = { readonly memoryRows?: number | undefined; readonly onFailure: (error: Error) => void };

const snapshotName = (sequence: number): string => `snapshot-${sequence % 2}`;

/** Takes snapshots: two places in turn, so that one is always whole, and the log is kept from the older on. */
export class Snapshots {
  readonly #disk: Disk;
  readonly #book: Book;
  readonly #files = new Map<bigint, Files>();
  #sequence: number;
  #holds = 0;
  /** The log entries that the last two snapshots stand at. */
  #ops: readonly bigint[];
  #takenAt = 0;
  #running: Promise<void> | undefined;
  readonly #options: Options;
  /** Files of ids and lists that the last two snapshots name. */
  #named: readonly (readonly string[])[] = [];

  constructor(disk: Disk, book: Book, from: Snapshot | undefined, options: Options) {
    this.#options = options;
    this.#disk = disk;
    this.#book = book;
    this.#sequence = from?.sequence ?? 0;
    this.#ops = from ? [from.op] : [];
    for (const ledger of from?.ledgers ?? []) this.#found(this.#filesOf(ledger), ledger.transferChunks ?? [], ledger.eventChunks ?? []);
    if (from) this.#named = [this.#runFiles()];
  }

  /** The files of a ledger's tables. */
  #filesOf({ scope, state, spill }: Pick<LedgerState, 'scope' | 'state' | 'spill'>): Files {
    let files = this.#files.get(scope);
    if (files) return files;
    const over = (table: 't' | 'e') =>
      new ChunkFile(this.#disk, chunkName(scope, table), table === 't' ? state.transfers : state.events, []);
    files = {
      transfers: over('t'),
      events: over('e'),
      spill: spill ?? new Spill(this.#disk, scope, state, this.#options.memoryRows),
      transfersWritten: 0,
      eventsWritten: 0,
    };
    this.#files.set(scope, files);
    return files;
  }

  #found(files: Files, transfers: readonly string[], events: readonly string[]): void {
    files.transfers.digests.push(...transfers);
    files.events.digests.push(...events);
    files.transfersWritten = transfers.length;
    files.eventsWritten = events.length;
  }

  /** Lets no snapshot be taken until what is answered is called: the files of the last one stay as they are. */
  async hold(): Promise<() => void> {
    this.#holds += 1;
    await this.#running;
    return () => {
      this.#holds -= 1;
    };
  }

  /** The file of the newest snapshot and what it stands at; undefined when there is none. */
  get newest(): { readonly name: string; readonly op: bigint } | undefined {
    const op = this.#ops.at(-1);
    return op === undefined ? undefined : { name: snapshotName(this.#sequence), op };
  }

  /** Works out the digest of a chunk that a batch has filled, so that a snapshot need not do it for all at once. */
  ahead(ledger: Ledger): void {
    const { transfers, events } = this.#filesOf(ledger);
    transfers.plan(1);
    events.plan(1);
  }

  /** Takes one when enough was logged since the last. */
  due(): void {
    if (this.#holds === 0 && this.#book.log.appended - this.#takenAt >= snapshotEveryBytes) void this.take();
  }

  /** Takes a snapshot of now; resolves when it is on disk. One at a time. */
  take(): Promise<void> {
    this.#running ??= this.#take()
      .catch((error: unknown) => this.#options.onFailure(error as Error))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  /** Takes both anew, and lets go of all of the log before: nothing stays on disk but what is so now, and what was posted. */
  async renew(): Promise<void> {
    for (const _place of [0, 1]) {
      await this.#running;
      await this.#book.log.turn();
      await this.take();
    }
  }

  async #take(): Promise<void> {
    const { log } = this.#book;
    if (this.#isTaken()) return;
    for (const ledger of [...this.#book.ledgers.values()]) await this.#filesOf(ledger).spill.run();
    const { op, digest } = this.#book.stand;
    if (this.#isTaken()) return;
    this.#takenAt = log.appended;
    const ledgers = [...this.#book.ledgers.values()].map((ledger) => ({ ...ledger }));
    const plans = ledgers.map((ledger) => {
      const files = this.#filesOf(ledger);
      return { files, transfers: files.transfers.plan().length, events: files.events.plan().length };
    });
    const sequence = this.#sequence + 1;
    const { sessions, effects } = this.#book;
    const whole = { sequence, op, digest, sessions: sessions.all(), effects: effects.waiting, ledgers };
    const bytes = encodeSnapshot(whole, {
      chunks: (scope, table) => this.#files.get(scope)?.[table === 't' ? 'transfers' : 'events'].digests ?? [],
      segments: (scope) => this.#files.get(scope)?.spill.segments ?? [],
    });
    const named = this.#runFiles();
    for (const { files, transfers, events } of plans) {
      await files.transfers.write(files.transfersWritten, transfers);
      await files.events.write(files.eventsWritten, events);
      files.transfersWritten = transfers;
      files.eventsWritten = events;
    }
    await log.reached(op);
    await this.#write(snapshotName(sequence), bytes);
    this.#sequence = sequence;
    for (const { files, transfers, events } of plans) {
      files.transfers.evict(transfers);
      files.events.evict(events);
    }
    this.#ops = [...this.#ops.slice(-1), op];
    // The older of the two can still be started from, should the newer be damaged.
    this.#named = [...this.#named.slice(-1), named];
    if (this.#ops.length < 2) return;
    await log.forget(this.#ops[0] as bigint);
    const needed = new Set(this.#named.flat());
    for (const name of this.#disk.list()) if (isRunFile(name) && !needed.has(name)) await this.#disk.remove(name);
  }

  /** Whether nothing was done since the last. */
  #isTaken(): boolean {
    const { op } = this.#book.stand;
    return op === 0n || op === this.#ops.at(-1);
  }

  /** The files of ids and lists that there are now. */
  #runFiles(): string[] {
    return [...this.#files].flatMap(([scope, { spill }]) => filesOf(scope, spill.segments));
  }

  async #write(name: string, bytes: Buffer): Promise<void> {
    const file = await this.#disk.open(`${name}.new`);
    await file.truncate(0);
    await file.write([bytes], 0);
    await file.sync();
    await file.close();
    await this.#disk.rename(`${name}.new`, name);
  }
}
