import { fault } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Book } from '../book.ts';
import { type Cursor, findEntry, readEntries } from '../log-reader.ts';
import { renewMs, silenceMs } from '../limits.ts';
import { sendCopy } from './copy.ts';
import type { Fence, Row } from '#kernel/pair/fence.ts';
import { numbers, readNumbers } from '#kernel/pair/wire.ts';
import { type Kind, kind, type Wire } from './wire.ts';

/** What a standby says first. `last` is the end of its log, `stand` what its ledgers stand at; digests in hex. */
export type Hello = {
  readonly epoch: string;
  readonly last: { readonly op: string; readonly digest: string };
  readonly stand: { readonly op: string; readonly digest: string };
};

/** What it is told: its log goes on, its end is no part of ours, or it must begin with a copy. `rest` is our REST address. */
export type Welcome = { readonly how: 'follow' | 'cut' | 'copy'; readonly rest: string };

type Peer = {
  readonly wire: Wire;
  heardAt: number;
  acked: bigint;
  /** Whether it gets every entry as it is made. */
  live: boolean;
  got: { resolve(): void; reject(error: Error): void } | undefined;
};

/**
 * `alone`: the row says that the standby is out of sync, and our disk is enough. `joining`: it has everything and is required
 * already, and the row is about to say so. `sync`: the row says so. `unsure`: it is away, and the row may still say that it is
 * in sync, so that nothing may be acknowledged.
 */
type Mode = 'alone' | 'joining' | 'sync' | 'unsure';

type Waiter = { readonly until: number; readonly resolve: (isSo: boolean) => void };

export type LeadOptions = {
  readonly book: Book;
  readonly fence: Fence;
  /** The row as this process changed it when it took the epoch. */
  readonly row: Row;
  /** Milliseconds of a clock that only goes on. */
  readonly now: () => number;
  readonly log: Log;
  readonly rest: () => string;
  /** Called once another process holds the ledger: nothing is acknowledged any more. */
  readonly onFenced: () => void;
};

/** The primary's side: hands the log to the standby and decides when an entry counts as committed. */
export class Lead {
  readonly #options: LeadOptions;
  #row: Row;
  #mode: Mode;
  #peer: Peer | undefined;
  #joinAt = 0n;
  #asking = false;
  #fenced = false;
  /** Erasures that rewrite our files: the standby keeps away meanwhile. */
  #parted = 0;
  /** Erasures that wait until this process keeps the ledger alone, and until the standby has begun anew. */
  readonly #lonely: Waiter[] = [];
  readonly #renewals: Waiter[] = [];
  #beat = 0n;
  #pong = 0n;
  #reads: { readonly beat: bigint; readonly send: () => void }[] = [];

  constructor(options: LeadOptions) {
    this.#options = options;
    this.#row = options.row;
    this.#mode = options.row.synced ? 'unsure' : 'alone';
    const { log } = options.book;
    log.onAppend((buffers) => {
      if (this.#peer?.live) this.#peer.wire.send(kind.entries, buffers);
    });
    options.book.onProgress = () => this.#tellCommitted();
  }

  get mode(): Mode {
    return this.#mode;
  }
  get takes(): boolean {
    return this.#mode !== 'unsure' && !this.#fenced;
  }
  get fenced(): boolean {
    return this.#fenced;
  }

  /** Calls back when no other process can have been the primary at the time of this call. */
  confirm(send: () => void): void {
    if (this.#mode === 'alone') return send();
    const isFlying = this.#beat > this.#pong;
    this.#reads.push({ beat: this.#beat + 1n, send });
    if (!isFlying) this.#sendBeat();
  }

  /**
   * Parts with the standby, lets `work` rewrite our files, and answers whether the standby has begun anew with a copy of them. One
   * that has not finds when it is back that the end of its log lies before the first entry of ours, and begins anew then; until
   * then the row says that it may not take our place.
   */
  async renew(work: () => Promise<void>): Promise<boolean> {
    const wasThere = this.#peer !== undefined;
    this.#parted += 1;
    try {
      // The line is closed only after the row says so: who is left behind would take our place otherwise.
      if (this.#mode !== 'alone' && !(await this.#waits(this.#lonely)))
        throw fault('Unavailable', 'PostgreSQL does not say that the standby may be parted with; ask again.');
      this.#part();
      await work();
    } finally {
      this.#parted -= 1;
    }
    return wasThere && this.#waits(this.#renewals);
  }

  #part(): void {
    const peer = this.#peer;
    peer?.wire.close();
    if (peer) this.#lost(peer);
  }

  /** Resolves with true when `tell` says so of those who wait, and with false when that takes too long. */
  #waits(list: Waiter[]): Promise<boolean> {
    void this.#ask();
    const until = this.#options.now() + renewMs;
    return new Promise((resolve) => list.push({ until, resolve }));
  }

  #tell(list: Waiter[], isSo: boolean): void {
    const now = this.#options.now();
    const waiting = list.splice(0);
    for (const waiter of waiting)
      if (isSo || this.#fenced || waiter.until <= now) waiter.resolve(isSo);
      else list.push(waiter);
  }

  /** The other process has connected. */
  accept(wire: Wire): void {
    if (this.#parted > 0) return wire.close();
    this.#part();
    const peer: Peer = { wire, heardAt: this.#options.now(), acked: 0n, live: false, got: undefined };
    this.#peer = peer;
    wire.listen({ message: (kind, body) => this.#hear(peer, kind, body), close: () => this.#lost(peer) });
  }

  tick(): void {
    this.#tell(this.#lonely, false);
    this.#tell(this.#renewals, false);
    const peer = this.#peer;
    if (peer && this.#options.now() - peer.heardAt > silenceMs) {
      peer.wire.close();
      this.#lost(peer);
    } else if (peer) {
      this.#sendBeat();
      // Joining is tried again when PostgreSQL was away.
      if (peer.live) this.#acked(peer, peer.acked);
    }
    void this.#ask();
  }

  stop(): void {
    const peer = this.#peer;
    this.#peer = undefined;
    peer?.wire.close();
  }

  #hear(peer: Peer, heard: Kind, body: Buffer): void {
    if (peer !== this.#peer || this.#fenced) return;
    peer.heardAt = this.#options.now();
    if (heard === kind.hello)
      void this.#greet(peer, JSON.parse(body.toString()) as Hello).catch((error: unknown) => this.#drop(peer, error));
    else if (heard === kind.ack) this.#acked(peer, readNumbers(body)[0] ?? 0n);
    else if (heard === kind.pong) this.#ponged(readNumbers(body)[0] ?? 0n);
    else if (heard === kind.got) peer.got?.resolve();
  }

  #drop(peer: Peer, error: unknown): void {
    this.#options.log('warn', 'the standby is let go', { error: String(error) });
    peer.wire.close();
    this.#lost(peer);
  }

  #lost(peer: Peer): void {
    if (peer !== this.#peer) return;
    this.#peer = undefined;
    peer.got?.reject(new Error('the standby has gone'));
    if (this.#mode === 'sync' || this.#mode === 'joining') {
      this.#mode = 'unsure';
      this.#options.log('warn', 'the standby is away; nothing is acknowledged before it is marked out of sync');
    }
    void this.#ask();
  }

  async #greet(peer: Peer, hello: Hello): Promise<void> {
    const { book, rest } = this.#options;
    const welcome = (how: Welcome['how']) => {
      if (peer === this.#peer) peer.wire.send(kind.welcome, [Buffer.from(JSON.stringify({ how, rest: rest() } satisfies Welcome))]);
    };
    const last = BigInt(hello.last.op);
    const isNew = BigInt(hello.epoch) !== this.#row.epoch;
    if (isNew || (last > book.log.durable && last <= book.log.op)) return peer.wire.close();
    const found = await findEntry(book.disk, last, Buffer.from(hello.last.digest, 'hex'));
    if (found) {
      welcome('follow');
      return this.#feed(peer, found);
    }
    const stand = BigInt(hello.stand.op);
    if (stand < last && (await findEntry(book.disk, stand, Buffer.from(hello.stand.digest, 'hex'))))
      return welcome('cut');
    welcome('copy');
    await sendCopy(book, (part, parts) => this.#give(peer, part, parts));
    this.#tell(this.#renewals, true);
  }

  /** Sends a part of a copy and waits until the standby has it. */
  #give(peer: Peer, part: Kind, parts: readonly Uint8Array[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (peer !== this.#peer) return reject(new Error('the standby has gone'));
      peer.got = { resolve, reject };
      peer.wire.send(part, parts);
    });
  }

  /** Sends what is on disk behind a place, and from then on every entry as it is made. */
  async #feed(peer: Peer, from: Cursor): Promise<void> {
    const { book } = this.#options;
    for (let at = from; peer === this.#peer; ) {
      if (at.op === book.log.durable) {
        peer.wire.send(kind.entries, book.log.unsynced);
        peer.live = true;
        this.#acked(peer, peer.acked > from.op ? peer.acked : from.op);
        return;
      }
      const { bytes, next } = readEntries(book.disk, at, book.log.durable);
      if (bytes.length > 0) peer.wire.send(kind.entries, [bytes]);
      at = next;
      await peer.wire.drained();
    }
  }

  #acked(peer: Peer, op: bigint): void {
    const { log } = this.#options.book;
    peer.acked = op;
    if (!peer.live) return;
    if (this.#mode !== 'alone') log.require(op);
    if ((this.#mode === 'alone' || this.#mode === 'unsure') && op >= log.committed) void this.#join(peer);
    else if (this.#mode === 'joining' && op >= this.#joinAt) void this.#ask();
  }

  /** The standby has caught up: it is required from now on, and the row will say so once it has all that was acknowledged. */
  async #join(peer: Peer): Promise<void> {
    if (this.#asking || this.#parted > 0) return;
    this.#asking = true;
    try {
      // With PostgreSQL away we stay as we are: what is required could not be let go again.
      await this.#adopt();
      if (peer !== this.#peer || this.#fenced || this.#mode === 'joining' || this.#mode === 'sync') return;
      this.#mode = 'joining';
      this.#joinAt = this.#options.book.log.committed;
      this.#options.book.log.require(peer.acked);
    } catch {
      return;
    } finally {
      this.#asking = false;
    }
    void this.#ask();
  }

  /** What the row should say of the standby; undefined when it says so, or it does not matter yet. */
  get #wanted(): boolean | undefined {
    if (this.#fenced) return undefined;
    if (this.#parted > 0) return this.#mode === 'alone' ? undefined : false;
    if (this.#mode === 'joining') return this.#peer && this.#peer.acked >= this.#joinAt ? true : undefined;
    return this.#mode === 'unsure' ? false : undefined;
  }

  /** Brings the row to what it should say; one call of PostgreSQL at a time. */
  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      for (let wanted = this.#wanted; wanted !== undefined; wanted = this.#wanted) {
        const swapped = await this.#options.fence.swap(this.#row, { ...this.#row, synced: wanted });
        if (swapped) this.#row = swapped;
        else await this.#adopt();
        if (this.#row.synced === wanted && !this.#fenced) this.#settle(wanted);
      }
    } catch (error) {
      this.#options.log('warn', 'PostgreSQL does not say who holds the ledger', { mode: this.#mode, error: String(error) });
    } finally {
      this.#asking = false;
    }
  }

  /** Reads the row anew: a change of ours may have come late, the standby may have left, or another process holds the ledger. */
  async #adopt(): Promise<void> {
    const row = await this.#options.fence.read();
    if (row?.epoch === this.#row.epoch && row.holder === this.#row.holder) {
      this.#row = row;
      return;
    }
    this.#fenced = true;
    this.#options.onFenced();
  }

  #settle(wanted: boolean): void {
    const { book, log } = this.#options;
    if (wanted && this.#mode === 'joining') {
      this.#mode = 'sync';
      log('info', 'the standby is in sync', { epoch: `${this.#row.epoch}` });
    }
    if (wanted || !(this.#mode === 'unsure' || this.#parted > 0)) return;
    this.#mode = 'alone';
    log('warn', 'the ledger is kept by one process alone', { epoch: `${this.#row.epoch}` });
    book.log.require(undefined);
    for (const { send } of this.#reads.splice(0)) send();
    this.#tell(this.#lonely, true);
    if (this.#peer?.live) this.#acked(this.#peer, this.#peer.acked);
  }

  #tellCommitted(): void {
    this.#peer?.wire.send(kind.commit, [numbers(this.#options.book.log.committed)]);
  }

  #sendBeat(): void {
    const { book } = this.#options;
    if (!this.#peer) return;
    this.#beat += 1n;
    this.#peer.wire.send(kind.beat, [numbers(this.#beat, book.log.committed, book.effects.forgotten)]);
  }

  #ponged(beat: bigint): void {
    if (beat > this.#pong) this.#pong = beat;
    const ready = this.#reads.filter((read) => read.beat <= beat);
    this.#reads = this.#reads.filter((read) => read.beat > beat);
    if (this.#reads.length > 0 && this.#beat === this.#pong) this.#sendBeat();
    for (const { send } of ready) send();
  }
}
