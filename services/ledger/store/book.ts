import './fault.ts';
import { checksum } from '#wire/tigerbeetle/aegis.ts';
import { bodyBytesMax } from '#wire/tigerbeetle/limits.ts';
import { evictionReason, type EvictionReason, type Operation, operations, registerOperation } from '#wire/tigerbeetle/operation.ts';
import { fault } from '#kernel/contract/fault.ts';
import { expire, isDue } from '../engine/expire.ts';
import { batchesOf, changes, execute, stampsOf } from '../engine/machine.ts';
import { createState, type State } from '../engine/state.ts';
import type { Disk } from './disk.ts';
import { type Asked, type Deliver, ours } from './asked.ts';
import { effectOf, Effects } from './effect.ts';
import { type Entry, entryKind, type ReadEntry } from './entry.ts';
import { listEveryRows, unsyncedMaxBytes } from './limits.ts';
import { type From, fromStart, type Log, openLog } from './log.ts';
import { joined, type Place } from './place.ts';
import { type Session, Sessions, type Who } from './session.ts';
import { loadSnapshot, type Snapshot } from './snapshot.ts';
import { Snapshots } from './snapshots.ts';

/** One ledger, and the last log entry that changed it. */
export type Ledger = { readonly tenant: bigint; readonly scope: bigint; readonly state: State; op: bigint };

export type BookOptions = {
  readonly disk: Disk;
  /** Nanoseconds since 1970. */
  readonly now: () => bigint;
  readonly mayWrite: () => boolean;
  readonly onFailure: (error: Error) => void;
  /** Rows of a ledger whose ids and lists stay in memory, if not as many as usual. */
  readonly memoryRows?: number;
};

type Start = { readonly follows?: boolean; readonly unsure?: boolean; readonly cutBehind?: bigint };
type Held = { readonly entry: Entry; readonly digest: Buffer };

/** All ledgers of the process behind one log: the only place where they change. Nothing is told before it is committed. */
export class Book {
  readonly sessions = new Sessions();
  readonly ledgers = new Map<bigint, Ledger>();
  readonly effects = new Effects();
  readonly disk: Disk;
  snapshots!: Snapshots;
  place: Place | undefined;
  /** Called whenever more is on disk or committed. */
  onProgress: () => void = () => undefined;
  readonly #options: BookOptions;
  #log!: Log;
  #waiting: { readonly op: bigint; readonly send: () => void }[] = [];
  #sent = 0;
  /** Whether entries come from a primary: they change the ledgers once they are committed. */
  #follows = false;
  #held: Held[] = [];
  /** The last entry that changed the ledgers. */
  #applied: From = fromStart;

  constructor(options: BookOptions) {
    this.#options = options;
    this.disk = options.disk;
  }

  static async open(options: BookOptions): Promise<Book> {
    const book = new Book(options);
    await book.load();
    return book;
  }

  /**
   * Reads what is on disk. With `follows` the entries at the end of the log change nothing until they are known to be committed:
   * a primary may not have them. With `unsure` nothing counts as committed at first. Entries behind `cutBehind` are cut off.
   */
  async load({ follows = false, unsure = false, cutBehind }: Start = {}): Promise<void> {
    const { disk, onFailure, memoryRows } = this.#options;
    this.#follows = follows;
    this.#held = [];
    this.sessions.clear();
    this.ledgers.clear();
    this.effects.clear();
    const snapshot = await loadSnapshot(disk, memoryRows);
    if (snapshot) this.#restore(snapshot);
    this.#applied = snapshot ? { op: snapshot.op, digest: snapshot.digest } : fromStart;
    const replay = (entry: Entry, digest: Buffer) => this.#arrive(entry, digest);
    this.#log = await openLog(disk, snapshot ?? fromStart, replay, { onFailure, ...(cutBehind === undefined ? {} : { cutBehind }) });
    this.snapshots = new Snapshots(disk, this, snapshot, { onFailure, memoryRows });
    if (follows || unsure) this.#log.doubt(follows ? this.#applied.op : 0n);
    this.#log.onProgress(() => this.#tell());
    if (!follows) this.effects.durable(this.#log.committed);
  }

  #arrive(entry: Entry, digest: Buffer): void {
    if (!this.#follows) {
      this.#apply(entry, digest);
      return;
    }
    this.#held.push({ entry, digest });
    // An entry says how far the log was committed when it was made.
    this.#applyTo(entry.durable);
  }

  #apply(entry: Entry, digest: Buffer): void {
    this.#replay(entry, digest);
    this.#applied = { op: entry.op, digest };
  }

  #applyTo(op: bigint): void {
    const later = this.#held.findIndex(({ entry }) => entry.op > op);
    for (const { entry, digest } of this.#held.splice(0, later < 0 ? this.#held.length : later)) this.#apply(entry, digest);
  }

  /** Takes an entry of the primary in: it must follow the last one. */
  follow(read: ReadEntry, bytes: Buffer): void {
    const digest = Buffer.from(read.digest);
    this.#log.take(bytes, digest);
    this.#held.push({ entry: read.entry, digest });
  }

  /** Everything up to `op` is committed; what of it is on disk here changes the ledgers. */
  committed(op: bigint): void {
    this.#log.require(op);
  }

  /** From now on this process makes the entries itself: all that it has is part of its log. */
  lead(): void {
    this.#applyTo(this.#log.op);
    this.#follows = false;
    this.#log.require(undefined);
  }

  /** The last entry that the ledgers stand at, and its digest. */
  get stand(): From {
    return this.#follows ? this.#applied : { op: this.#log.op, digest: this.#log.digest };
  }

  #restore(snapshot: Snapshot): void {
    for (const session of snapshot.sessions) this.sessions.begin(session);
    for (const { tenant, scope, state, op } of snapshot.ledgers) this.ledgers.set(scope, { tenant, scope, state, op });
    for (const effect of snapshot.effects) this.effects.add(effect);
  }

  get log(): Log {
    return this.#log;
  }

  /** Whether requests are answered here. */
  get serves(): boolean {
    return this.place?.serves ?? true;
  }

  /** Whether so much waits for the disk that doors should stop reading. */
  get congested(): boolean {
    return this.#log.openBytes > unsyncedMaxBytes;
  }

  ledger(tenant: bigint, scope: bigint): Ledger {
    let ledger = this.ledgers.get(scope);
    if (!ledger) this.ledgers.set(scope, (ledger = { tenant, scope, state: createState(), op: 0n }));
    return ledger;
  }

  /** Takes a client's request. `deliver` is called at once or when the answer is on disk; never, when the client must ask again. */
  ask(asked: Asked, deliver: Deliver): void {
    if (!this.serves) return;
    if (asked.operation === registerOperation) this.#register(asked, deliver);
    else this.#request(asked, deliver);
  }

  #register(asked: Asked, deliver: Deliver): void {
    const known = this.sessions.find(asked.who, asked.client);
    if (known) {
      if (known.last.request === asked.checksum) this.#deliverLast(known, deliver);
      return;
    }
    if (!this.#mayChange()) return;
    const session = this.#beginSession({ ...this.#append(asked, entryKind.register, this.#clock(0n)), ...fieldsOf(asked) });
    this.#deliverLast(session, deliver);
  }

  #beginSession(entry: Pick<Entry, 'op' | 'timestamp' | 'client' | 'release' | 'request'> & Who): Session {
    const { tenant, scope, credential, principal, client, op, release, timestamp, request } = entry;
    const body = Buffer.alloc(64);
    body.writeUInt32LE(bodyBytesMax, 0);
    const last = { number: 0, request, operation: registerOperation, op, timestamp, body };
    const session: Session = { who: { tenant, scope, credential, principal }, client, op, release, last, deliver: undefined };
    this.sessions.begin(session);
    return session;
  }

  #request(asked: Asked, deliver: Deliver): void {
    const operation = operations.get(asked.operation);
    if (!operation) return deliver({ kind: 'evict', reason: evictionReason.invalidOperation });
    const counts = batchesOf(operation, asked.body);
    if (!counts) return deliver({ kind: 'evict', reason: evictionReason.invalidBody });
    const session = this.sessions.find(asked.who, asked.client);
    if (!session) return this.#evict(deliver, evictionReason.noSession);
    if (asked.session !== session.op) {
      if (asked.session < session.op) this.#evict(deliver, evictionReason.sessionTooLow);
      return;
    }
    if (asked.release !== session.release) return this.#evict(deliver, evictionReason.releaseMismatch);
    if (asked.number < session.last.number) return;
    if (asked.number === session.last.number) {
      if (asked.checksum === session.last.request) this.#deliverLast(session, deliver);
      return;
    }
    if (!changes(operation)) return this.#read(asked, operation, counts, deliver);
    if (!this.#mayChange()) return;
    const { op, timestamp, body } = this.#change(asked, operation, counts);
    session.last = { number: asked.number, request: asked.checksum, operation: operation.code, op, timestamp, body };
    this.#deliverLast(session, deliver);
  }

  /** A session that is missing here may be one that another primary began. */
  #evict(deliver: Deliver, reason: EvictionReason): void {
    this.#sure(this.#log.op, () => deliver({ kind: 'evict', reason }));
  }

  /** A change that comes from none of the protocol's clients; resolves with its results when they are on disk. */
  change(who: Who, operation: Operation, body: Buffer): Promise<Buffer> {
    const counts = batchesOf(operation, body);
    if (!counts) throw fault('BadInput', 'The batch is larger than a message.');
    if (!this.#mayChange()) throw fault('Unavailable', 'The disk or the journal takes no more changes for now.');
    const rest = { client: 0n, session: 0n, number: 0, release: 0, checksum: 0n, bodyChecksum: checksum(body) };
    const { op, body: results } = this.#change({ who, operation: operation.code, body, ...rest }, operation, counts);
    return new Promise((resolve) => this.#when(op, () => resolve(results)));
  }

  /** A read that comes from none of the protocol's clients; what it shows is on disk. */
  look(who: Who, operation: Operation, body: Buffer): Promise<Buffer> {
    const counts = batchesOf(operation, body);
    if (!counts) throw fault('BadInput', 'The request is larger than a message.');
    if (!this.serves) throw fault('Unavailable', 'This process of the ledger is the standby.');
    const { op, results } = this.#execute(who, operation, body, counts);
    return new Promise((resolve) => this.#sure(op, () => resolve(results)));
  }

  #mayChange(): boolean {
    return (this.place?.takes ?? true) && this.#options.mayWrite() && this.effects.hasRoom;
  }

  /** Executes a change and appends it to the log. */
  #change(asked: Asked, operation: Operation, counts: readonly number[]): { op: bigint; timestamp: bigint; body: Buffer } {
    const ledger = this.ledger(asked.who.tenant, asked.who.scope);
    this.#expireDue(ledger);
    const timestamp = this.#clock(ledger.state.timestamp) + BigInt(stampsOf(operation, counts));
    const { op } = this.#append(asked, entryKind.request, timestamp);
    const body = Buffer.from(execute(ledger.state, operation, asked.body, counts, timestamp));
    ledger.op = op;
    this.effects.add(effectOf({ who: asked.who, op, digest: this.#log.digest, timestamp, operation, bytes: asked.body.length, counts }));
    ledger.state.transferLists.catchUp(listEveryRows);
    this.snapshots.ahead(ledger);
    return { op, timestamp, body };
  }

  #read(asked: Asked, operation: Operation, counts: readonly number[], deliver: Deliver): void {
    const { op, results, timestamp } = this.#execute(asked.who, operation, asked.body, counts);
    const { number, operation: code, checksum: request } = asked;
    this.#sure(op, () => deliver({ kind: 'reply', op: op === 0n ? 1n : op, timestamp, number, operation: code, request, body: results }));
  }

  #execute(who: Who, operation: Operation, body: Buffer, counts: readonly number[]): { op: bigint; timestamp: bigint; results: Buffer } {
    const ledger = this.ledger(who.tenant, who.scope);
    this.#expireDue(ledger);
    const timestamp = this.#clock(ledger.state.timestamp);
    return { op: ledger.op, timestamp, results: Buffer.from(execute(ledger.state, operation, body, counts, timestamp)) };
  }

  /** Time never goes back, whatever the machine's clock does. */
  #clock(last: bigint): bigint {
    const now = this.#options.now();
    return now > last ? now : last + 1n;
  }

  /** Lets pending transfers expire whose time is over, as an entry of its own. */
  #expireDue(ledger: Ledger): void {
    const now = this.#clock(ledger.state.timestamp);
    if (!isDue(ledger.state, now)) return;
    const { op } = this.#append({ ...ours, who: { ...ledger, credential: 0n, principal: '' } }, entryKind.pulse, now);
    ledger.state.timestamp = expire(ledger.state, now);
    ledger.op = op;
  }

  /**
   * Forgets who a principal is: its sessions end, and no file names it any more, since the log is let go behind new snapshots.
   * What was posted stays. Answers how many sessions ended, and whether another process may still have files of before.
   */
  async forget({ tenant, scope }: Pick<Who, 'tenant' | 'scope'>, principal: string): Promise<{ ended: number; elsewhere: boolean }> {
    if (!this.serves) throw fault('Unavailable', 'This process of the ledger is the standby.');
    const ended = this.sessions.of({ tenant, scope }, principal);
    for (const session of ended) this.sessions.end(session);
    await this.effects.told();
    const renew = () => this.snapshots.renew();
    const isRenewed = this.place ? await this.place.renew(renew) : await renew().then(() => !this.disk.list().includes(joined));
    return { ended: ended.length, elsewhere: !isRenewed };
  }

  /** What time alone does: expiry, and a mark in the log when it rests. */
  tick(): void {
    // A process of two has nothing to look at before it knows which of them it is.
    if (!this.#log) return;
    if (this.serves) {
      if (this.#mayChange()) for (const ledger of this.ledgers.values()) this.#expireDue(ledger);
      this.#log.mark();
    }
    this.snapshots.due();
  }

  #append(asked: Asked, kind: Entry['kind'], timestamp: bigint): { op: bigint; timestamp: bigint } {
    const { who, client, session, number, release, operation, body, bodyChecksum } = asked;
    const { tenant, scope, credential, principal } = who;
    const rest = { client, session, number, release, operation, request: asked.checksum, body, bodyChecksum };
    const op = this.#log.append({ kind, timestamp, tenant, scope, credential, principal, ...rest });
    return { op, timestamp };
  }

  #deliverLast(session: Session, deliver: Deliver): void {
    const waits = session.deliver !== undefined && session.last.op > this.#log.committed;
    session.deliver = ({ last }) => deliver({ kind: 'reply', ...last });
    // A request asked again while it waits for the disk is answered once, where it was asked last.
    if (!waits) this.#when(session.last.op, () => this.#release(session));
  }

  #release(session: Session): void {
    // The client has gone on without this answer, which another primary gave: the newer one waits for its own entry.
    if (session.last.op > this.#log.committed) return this.#when(session.last.op, () => this.#release(session));
    const { deliver } = session;
    session.deliver = undefined;
    deliver?.(session);
  }

  /** What was read is told when it is committed, and surely the newest: another primary would have changed it. */
  #sure(op: bigint, send: () => void): void {
    const { place } = this;
    this.#when(op, place ? () => place.confirm(send) : send);
  }

  #when(op: bigint, send: () => void): void {
    if (op <= this.#log.committed) send();
    else this.#waiting.push({ op, send });
  }

  #tell(): void {
    const { committed } = this.#log;
    this.onProgress();
    if (this.#follows) {
      this.#applyTo(committed);
      return;
    }
    this.effects.durable(committed);
    while (this.#sent < this.#waiting.length && (this.#waiting[this.#sent]?.op ?? 0n) <= committed) {
      const { send } = this.#waiting[this.#sent] as { send: () => void };
      this.#sent += 1;
      send();
    }
    if (this.#sent === this.#waiting.length || this.#sent > 1024) {
      this.#waiting = this.#waiting.slice(this.#sent);
      this.#sent = 0;
    }
  }

  #replay(entry: Entry, digest: Buffer): void {
    if (entry.kind === entryKind.mark) return;
    if (entry.kind === entryKind.register) {
      this.#beginSession(entry);
      return;
    }
    const ledger = this.ledger(entry.tenant, entry.scope);
    ledger.op = entry.op;
    if (entry.kind === entryKind.pulse) {
      ledger.state.timestamp = expire(ledger.state, entry.timestamp);
      return;
    }
    const operation = operations.get(entry.operation);
    const counts = operation && batchesOf(operation, entry.body);
    if (!operation || !counts) throw fault('LogDamaged', `entry ${entry.op} holds an operation that this release does not know`);
    const results = execute(ledger.state, operation, entry.body, counts, entry.timestamp);
    const { op, timestamp } = entry;
    this.effects.add(effectOf({ who: entry, op, digest, timestamp, operation, bytes: entry.body.length, counts }));
    const session = entry.client === 0n ? undefined : this.sessions.find(entry, entry.client);
    if (session) {
      const { number, request } = entry;
      session.last = { number, request, operation: operation.code, op, timestamp, body: Buffer.from(results) };
    }
  }

  /** Ends with a snapshot, so that the next start replays nothing. */
  async close(): Promise<void> {
    if (!this.#log) return;
    await this.#log.flushed();
    // What could not be committed may never be: it is in no snapshot.
    if (this.#follows || this.#log.committed === this.#log.op) await this.snapshots.take();
    await this.#log.flushed();
    if (!this.#follows) this.#log.mark();
    await this.#log.close();
  }
}

const fieldsOf = (asked: Asked) => ({ ...asked.who, client: asked.client, release: asked.release, request: asked.checksum });
