import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '#kernel/contract/fault.ts';
import type { Log } from '#kernel/contract/implement.ts';
import type { Fence, Row } from '#kernel/pair/fence.ts';
import { numbers, readNumbers, type Wire } from '#kernel/pair/wire.ts';
import type { Disk, DiskChange } from '../disk.ts';
import { copyBytes, mirrorWaitingBytes, silenceMs } from '../limits.ts';
import { filesOf, hashOf } from './file.ts';
import { type Begin, changeParts, type Doors, type Hello, kind } from './message.ts';

export type LeadOptions = {
  readonly disk: Disk;
  readonly fence: Fence;
  /** The row as this process has changed it. */
  readonly row: Row;
  /** Lets nothing rewrite files until it is released. */
  readonly hold: () => Promise<() => void>;
  readonly doors: () => Doors;
  /** Milliseconds of a clock that only goes on. */
  readonly now: () => number;
  readonly log: Log;
  /** Called once when another process holds the log: this one must end and start anew. */
  readonly onFenced: () => void;
};

type Peer = { readonly wire: Wire; heardAt: number; live: boolean; streams: boolean; waitingBytes: number; readonly gone: AbortController };

/**
 * The leader's side. While the row says that the standby is in sync, nothing is answered before the standby has it: who is paused or
 * cut off acknowledges nothing. With the standby away, nothing is answered until the row says that it is out of sync.
 */
export class Lead {
  readonly #options: LeadOptions;
  #row: Row;
  #peer: Peer | undefined;
  /** Whether answers need the standby. */
  #required = true;
  /** Whether a change of the row may still come that we did not see. */
  #unsure = false;
  #settling: Promise<void> | undefined;
  #fenced = false;
  #beat = 0n;
  #beatIsDue = false;
  #waiting: { readonly beat: bigint; readonly resolve: () => void }[] = [];
  #standby: Doors | undefined;
  #touched: Set<string> | undefined;

  constructor(options: LeadOptions) {
    this.#options = options;
    this.#row = options.row;
    options.disk.onChange = (change) => this.#changed(change);
  }

  get epoch(): bigint {
    return this.#row.epoch;
  }

  /** The doors of the standby, where it was last. */
  get standby(): Doors | undefined {
    return this.#standby;
  }

  get isInSync(): boolean {
    return this.#row.synced && this.#required;
  }

  /** Resolves when everything that was changed or read so far may be told; undefined: at once. */
  confirm(): Promise<void> | undefined {
    if (!this.#required) return undefined;
    return new Promise<void>((resolve) => {
      this.#waiting.push({ beat: this.#beat + 1n, resolve });
      if (this.#beatIsDue) return;
      this.#beatIsDue = true;
      setImmediate(() => this.#sendBeat());
    });
  }

  #sendBeat(): void {
    this.#beatIsDue = false;
    if (!this.#peer || this.#fenced) return;
    this.#beat += 1n;
    this.#peer.wire.send(kind.beat, [numbers(this.#beat)]);
  }

  /** The other process has opened a line; an older one is over. */
  accept(wire: Wire): void {
    if (this.#fenced) return wire.close();
    if (this.#peer) this.#lose(this.#peer);
    const peer: Peer = { wire, heardAt: this.#options.now(), live: false, streams: false, waitingBytes: 0, gone: new AbortController() };
    this.#peer = peer;
    wire.listen({
      message: (heard, body) => this.#hear(peer, heard, body),
      close: () => this.#lose(peer),
    });
  }

  #lose(peer: Peer): void {
    if (peer !== this.#peer) return;
    this.#peer = undefined;
    peer.wire.close();
    peer.gone.abort();
    void this.#settle();
  }

  #hear(peer: Peer, heard: number, body: Buffer): void {
    if (peer !== this.#peer || this.#fenced) return;
    peer.heardAt = this.#options.now();
    if (heard === kind.hello) void this.#copy(peer, JSON.parse(body.toString()) as Hello);
    else if (heard === kind.pong && peer.live) this.#ponged(readNumbers(body)[0] ?? 0n);
    else if (heard === kind.whole) {
      peer.live = true;
      void this.#settle();
    }
  }

  #ponged(beat: bigint): void {
    const ready = this.#waiting.filter((one) => one.beat <= beat);
    this.#waiting = this.#waiting.filter((one) => one.beat > beat);
    for (const { resolve } of ready) resolve();
  }

  #changed(change: DiskChange): void {
    const peer = this.#peer;
    if (!peer) return;
    if (change.kind === 'lost') return this.#lose(peer);
    if (change.kind !== 'append') this.#touched?.add(change.path);
    if (!peer.streams) return;
    const parts = changeParts(change);
    peer.wire.send(kind.change, parts);
    peer.waitingBytes += parts.reduce((sum, { length }) => sum + length, 0);
    if (peer.waitingBytes < mirrorWaitingBytes) return;
    // A standby that takes nothing in is away.
    if (peer.wire.waitingBytes > mirrorWaitingBytes) this.#lose(peer);
    else peer.waitingBytes = 0;
  }

  /** Brings the standby's files to what ours are, while ours go on. */
  async #copy(peer: Peer, { doors, files }: Hello): Promise<void> {
    this.#standby = doors;
    const release = await this.#options.hold();
    try {
      await this.#settle();
      const isOut = !this.#row.synced && !this.#unsure;
      if (!isOut || peer !== this.#peer) throw fault('Unavailable', 'The row does not say that the standby is out of sync.');
      await this.#copyFiles(peer, files);
    } catch (error) {
      this.#options.log('warn', 'the standby could not be brought up to date; trying again', { error: String(error) });
      this.#lose(peer);
    } finally {
      this.#touched = undefined;
      release();
    }
  }

  async #copyFiles(peer: Peer, theirs: Hello['files']): Promise<void> {
    const { disk, doors, log } = this.#options;
    // Of files only ends are added: what begins alike now begins alike later, unless another file takes the place.
    const touched = (this.#touched = new Set<string>());
    const alike = new Map<string, number>();
    for (const { path, sizeBytes, sha256 } of theirs)
      if ((await hashOf(join(disk.root, path), sizeBytes)) === sha256) alike.set(path, sizeBytes);
    const ours = filesOf(disk.root);
    const isOurs = (path: string) => ![...touched].some((one) => path === one || path.startsWith(`${one}/`));
    const kept = [...ours.keys()].map((path) => [path, isOurs(path) ? (alike.get(path) ?? 0) : 0] as const);
    touched.clear();
    const begin: Begin = { doors: doors(), kept };
    peer.wire.send(kind.begin, [Buffer.from(JSON.stringify(begin))]);
    peer.streams = true;
    let sent = 0;
    for (const [path, from] of kept) sent += await this.#sendFile(peer, path, from, ours.get(path) ?? 0, isOurs);
    if (peer !== this.#peer) return;
    peer.wire.send(kind.copied);
    log('info', 'the standby is brought up to date', { files: kept.length, bytes: sent });
  }

  async #sendFile(peer: Peer, path: string, from: number, end: number, isOurs: (path: string) => boolean): Promise<number> {
    if (!isOurs(path)) return 0;
    // The name of an empty segment says where its partition goes on.
    if (end === 0) peer.wire.send(kind.change, changeParts({ kind: 'append', path, position: 0, bytes: Buffer.alloc(0) }));
    if (from >= end) return 0;
    const file = await open(join(this.#options.disk.root, path), 'r').catch(() => undefined);
    if (!file) {
      if (isOurs(path)) throw fault('LogFailed', 'A file is gone that nobody removed.');
      return 0;
    }
    try {
      for (let position = from; position < end; ) {
        const chunk = Buffer.allocUnsafe(Math.min(copyBytes, end - position));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
        // Removed, or another in its place: the change that said so has gone out already.
        if (peer !== this.#peer || !isOurs(path)) return position - from;
        if (bytesRead === 0) throw fault('LogFailed', 'A file is shorter than it was.');
        peer.wire.send(kind.change, changeParts({ kind: 'append', path, position, bytes: chunk.subarray(0, bytesRead) }));
        position += bytesRead;
        peer.heardAt = this.#options.now();
        await peer.wire.drained();
      }
      return end - from;
    } finally {
      await file.close();
    }
  }

  /** Called again and again. */
  tick(): void {
    const peer = this.#peer;
    if (peer && this.#options.now() - peer.heardAt > silenceMs) this.#lose(peer);
    else if (peer) this.#sendBeat();
    void this.#settle();
  }

  /** Brings the row to what it should say; one change at a time. */
  #settle(): Promise<void> {
    this.#settling ??= this.#settleAll()
      .catch((error: unknown) => this.#options.log('warn', 'PostgreSQL does not say who holds the log', { error: String(error) }))
      .finally(() => {
        this.#settling = undefined;
      });
    return this.#settling;
  }

  async #settleAll(): Promise<void> {
    const { fence, log } = this.#options;
    while (!this.#fenced) {
      const wanted = this.#peer?.live ?? false;
      if (wanted === this.#row.synced && !this.#unsure) return wanted ? undefined : this.#release();
      this.#required = true;
      // Before the row says that the standby has everything, it has everything that was answered without it.
      if (wanted && !(await this.#roundTrip())) continue;
      this.#unsure = true;
      const swapped = await fence.swap(this.#row, { ...this.#row, synced: wanted });
      if (!swapped) {
        await this.#adopt();
        continue;
      }
      [this.#row, this.#unsure] = [swapped, false];
      if (wanted) log('info', 'the standby is in sync', { epoch: `${swapped.epoch}` });
      else log('warn', 'the log is kept by one process alone', { epoch: `${swapped.epoch}` });
    }
  }

  /** Whether the standby has answered a beat that was sent behind everything before. */
  #roundTrip(): Promise<boolean> {
    const peer = this.#peer;
    return new Promise((resolve) => {
      if (!peer) return resolve(false);
      peer.gone.signal.addEventListener('abort', () => resolve(false), { once: true });
      this.#waiting.push({ beat: this.#beat + 1n, resolve: () => resolve(true) });
      this.#sendBeat();
    });
  }

  /** Reads the row anew: another process holds the log, or what we asked for came late. */
  async #adopt(): Promise<void> {
    const row = await this.#options.fence.read();
    if (row?.epoch === this.#row.epoch && row.holder === this.#row.holder) {
      this.#row = row;
      return;
    }
    this.#fenced = true;
    this.#options.onFenced();
  }

  #release(): void {
    if (!this.#required) return;
    this.#required = false;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  stop(): void {
    this.#options.disk.onChange = undefined;
    this.#fenced = true;
    this.#peer?.wire.close();
  }
}
