import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#kernel/contract/implement.ts';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { Book } from '../book.ts';
import { readEntry } from '../entry.ts';
import { endPollMs, patienceMs, silenceMs } from '../limits.ts';
import { joined } from '../place.ts';
import { CopyWriter, copying } from './copy.ts';
import type { Fence, Row } from '#kernel/pair/fence.ts';
import type { Hello, Welcome } from './lead.ts';
import { numbers, readNumbers } from '#kernel/pair/wire.ts';
import { type Kind, kind, type Wire } from './wire.ts';

export async function markJoined(book: Book): Promise<void> {
  if (book.disk.list().includes(joined)) return;
  const file = await book.disk.open(joined);
  await file.sync();
  await file.close();
}

export type FollowOptions = {
  readonly book: Book;
  readonly fence: Fence;
  readonly self: string;
  readonly connect: () => Promise<Wire>;
  /** Milliseconds of a clock that only goes on. */
  readonly now: () => number;
  readonly log: Log;
  readonly onRow: (row: Row) => void;
  readonly onRest: (rest: string) => void;
  /** Called once, with the row as this process has changed it, when it holds the ledger. */
  readonly onPromoted: (row: Row) => void;
};

/** `away`: no line to the primary. `greeting`: it has been asked how to go on. `following`: its entries come in. `copying`: its files. */
type State = 'away' | 'greeting' | 'following' | 'copying' | 'over';

/** The standby's side: takes the primary's log in, and its place when it is gone and the row allows it. */
export class Follow {
  readonly #options: FollowOptions;
  readonly #startedAt: number;
  #state: State = 'away';
  #wire: Wire | undefined;
  #row: Row | undefined;
  #heardAt = 0;
  #acked = 0n;
  /** Whether the primary was followed and is gone: its place is to be taken. */
  #bereft = false;
  #working = false;
  #draining = false;
  #copy: CopyWriter | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#startedAt = options.now();
    options.book.onProgress = () => this.#acknowledge();
  }

  get state(): State {
    return this.#state;
  }

  tick(): void {
    const isSilent = this.#options.now() - this.#heardAt > silenceMs;
    if (this.#state !== 'away' && this.#state !== 'over' && isSilent) this.#leave();
    if (this.#state === 'away') void this.#work();
  }

  /** The process is about to end: it follows as long as it is there, and takes no place. */
  drain(): void {
    this.#draining = true;
  }

  /** Resolves when the primary has ended, which needs us until then, or after `waitMs`. */
  async finish(waitMs: number): Promise<void> {
    const until = this.#options.now() + waitMs;
    while (this.#state === 'following' && this.#options.now() < until) await pause(endPollMs);
  }

  stop(): void {
    this.#state = 'over';
    this.#wire?.close();
    this.#wire = undefined;
  }

  /** The line is closed, or says nothing: nothing is acknowledged on it any more. */
  #leave(): void {
    const isPatient = this.#options.now() - this.#startedAt <= patienceMs;
    if (this.#state === 'following' || (this.#state === 'greeting' && !isPatient)) this.#bereft = true;
    this.#state = 'away';
    this.#copy = undefined;
    const wire = this.#wire;
    this.#wire = undefined;
    wire?.close();
    void this.#work();
  }

  /** One step towards following, or towards taking the place. */
  async #work(): Promise<void> {
    if (this.#working || this.#draining || this.#state !== 'away') return;
    this.#working = true;
    try {
      await this.#step();
    } catch (error) {
      this.#options.log('warn', 'the standby cannot go on', { error: String(error) });
    } finally {
      this.#working = false;
    }
  }

  async #step(): Promise<void> {
    const { book, fence, self, onRow, connect, now, log } = this.#options;
    await this.#writing;
    if (book.disk.list().includes(copying)) await loadFollowing(book, () => this.#outOfSync(), log);
    const row = await fence.read();
    if (!row || this.#isOver()) return;
    this.#row = row;
    onRow(row);
    const isWhole = book.disk.list().includes(joined);
    if (row.holder === self) {
      // We asked for it, now or before we were started anew, and the answer was lost.
      if (isWhole) this.#promote(row);
      else log('error', 'PostgreSQL says that this process holds the ledger, and its directory is not the one that did');
      return;
    }
    if (!isWhole && row.synced) {
      await this.#outOfSync();
      return;
    }
    const mayTake = row.synced && isWhole;
    if (!(mayTake && this.#bereft)) {
      const wire = await connect().catch(() => undefined);
      if (this.#isOver()) return wire?.close();
      if (wire) return this.#greet(wire, row);
    }
    if (!mayTake || !(this.#bereft || now() - this.#startedAt > patienceMs)) {
      this.#bereft = false;
      return;
    }
    const taken = await fence.swap(row, { epoch: row.epoch + 1n, holder: self, synced: false });
    this.#bereft = false;
    if (taken && !this.#isOver()) this.#promote(taken);
  }

  #isOver(): boolean {
    return this.#state === 'over';
  }

  #promote(row: Row): void {
    this.#state = 'over';
    this.#options.onPromoted(row);
  }

  /** Says in the row that this process may not take the place; throws when that is not sure. */
  async #outOfSync(): Promise<void> {
    const { fence, onRow, self } = this.#options;
    for (let row = this.#row; row?.synced; ) {
      const left = await fence.swap(row, { ...row, synced: false });
      row = left ?? (await fence.read());
      this.#row = row;
      if (row) onRow(row);
    }
    // A claim that was given up may have had its effect all the same: then nothing of ours may be let go.
    if (this.#row?.holder === self) throw fault('Unavailable', 'This process has come to hold the ledger.');
  }

  async #greet(wire: Wire, row: Row): Promise<void> {
    const { book, now } = this.#options;
    await markJoined(book);
    if (this.#isOver()) return wire.close();
    this.#wire = wire;
    this.#state = 'greeting';
    this.#heardAt = now();
    this.#acked = 0n;
    const { log, stand } = book;
    wire.listen({
      message: (heard, body) => this.#hear(wire, heard, body),
      close: () => wire === this.#wire && this.#state !== 'over' && this.#leave(),
    });
    const hello: Hello = {
      epoch: `${row.epoch}`,
      last: { op: `${log.op}`, digest: log.digest.toString('hex') },
      stand: { op: `${stand.op}`, digest: stand.digest.toString('hex') },
    };
    wire.send(kind.hello, [Buffer.from(JSON.stringify(hello))]);
  }

  #hear(wire: Wire, heard: Kind, body: Buffer): void {
    if (wire !== this.#wire || this.#state === 'over') return;
    this.#heardAt = this.#options.now();
    const { book } = this.#options;
    if (heard === kind.welcome) this.#welcome(wire, JSON.parse(body.toString()) as Welcome);
    else if (heard === kind.entries && this.#state === 'following') this.#takeAll(body);
    else if (heard === kind.commit && this.#state === 'following') book.committed(readNumbers(body)[0] ?? 0n);
    else if (heard === kind.beat) this.#pong(wire, body);
    else if ((heard === kind.file || heard === kind.copied) && this.#state === 'copying') this.#write(wire, heard, body);
  }

  #pong(wire: Wire, body: Buffer): void {
    const { book } = this.#options;
    const [beat = 0n, committed = 0n, forgotten = -1n] = readNumbers(body);
    if (this.#state === 'following') {
      book.committed(committed);
      book.effects.forget(forgotten);
    }
    wire.send(kind.pong, [numbers(beat)]);
  }

  #welcome(wire: Wire, { how, rest }: Welcome): void {
    this.#options.onRest(rest);
    if (how === 'follow') {
      this.#state = 'following';
      this.#options.log('info', 'the standby follows the primary', { from: `${this.#options.book.log.op}` });
      this.#acknowledge();
      return;
    }
    this.#state = 'copying';
    const begun = how === 'cut' ? this.#cut() : this.#beginCopy();
    this.#writing = begun.catch((error: unknown) => this.#failed(wire, error));
  }

  #failed(wire: Wire, error: unknown): void {
    this.#options.log('warn', 'the standby could not take over what the primary has', { error: String(error) });
    if (wire === this.#wire) this.#leave();
  }

  /** The end of our log is not the primary's. Some of what is cut may be needed until the row says that we may not be. */
  async #cut(): Promise<void> {
    const { book } = this.#options;
    await this.#outOfSync();
    const { op } = book.stand;
    await this.#reload(op);
    this.#leave();
  }

  async #reload(cutBehind?: bigint): Promise<void> {
    const { book } = this.#options;
    const release = await book.snapshots.hold();
    release();
    await book.log.close();
    await book.load({ follows: true, ...(cutBehind === undefined ? {} : { cutBehind }) });
  }

  async #beginCopy(): Promise<void> {
    const { book, log } = this.#options;
    await this.#outOfSync();
    log('info', 'the standby begins anew with a copy of the primary');
    const release = await book.snapshots.hold();
    release();
    await book.log.close();
    this.#copy = new CopyWriter(book.disk);
    await this.#copy.begin();
  }

  /** Takes a part of the copy in, once the directory is empty: the first may come before that. */
  #write(wire: Wire, part: Kind, body: Buffer): void {
    this.#writing = this.#writing
      .then(async () => {
        const copy = this.#copy;
        if (!copy || wire !== this.#wire) return;
        if (part === kind.file) await copy.write(body);
        else await this.#endCopy(copy);
        wire.send(kind.got);
        if (part === kind.copied && wire === this.#wire) this.#leave();
      })
      .catch((error: unknown) => this.#failed(wire, error));
  }

  async #endCopy(copy: CopyWriter): Promise<void> {
    await copy.end();
    this.#copy = undefined;
    await this.#options.book.load({ follows: true });
  }

  #takeAll(bytes: Buffer): void {
    const { book } = this.#options;
    for (let at = 0; at < bytes.length; ) {
      const read = readEntry(bytes, at);
      if (!read || read.entry.op !== book.log.op + 1n || !read.parent.equals(book.log.digest)) {
        this.#options.log('error', 'an entry of the primary is not the next one', { after: `${book.log.op}` });
        return this.#leave();
      }
      book.follow(read, bytes.subarray(at, at + read.bytes));
      at += read.bytes;
    }
  }

  #acknowledge(): void {
    const { durable } = this.#options.book.log;
    if (this.#state !== 'following' || durable <= this.#acked) return;
    this.#acked = durable;
    this.#wire?.send(kind.ack, [numbers(durable)]);
  }
}

/** Reads what is on disk as a standby; a copy that is not whole, and a log that is damaged, are begun anew. */
export async function loadFollowing(book: Book, outOfSync: () => Promise<void>, log: Log): Promise<void> {
  const empty = async () => {
    const writer = new CopyWriter(book.disk);
    await writer.begin();
    await writer.end();
    await book.load({ follows: true });
  };
  if (book.disk.list().includes(copying)) return empty();
  try {
    await book.load({ follows: true });
  } catch (error) {
    if (!(error instanceof OperationError && error.code === 'LogDamaged')) throw error;
    log('error', 'the log of the standby is damaged; it begins anew', { error: String(error) });
    await outOfSync();
    await empty();
  }
}
