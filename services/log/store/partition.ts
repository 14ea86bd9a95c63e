import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import type { ErrorName } from '#wire/kafka/error.ts';
import { batchHeadBytes } from '#wire/kafka/limits.ts';
import { type BatchHead, isControl, isTransactional, placeBatch, readHead, stampBatch } from '#wire/kafka/record/batch.ts';
import { controlBatch, readRecords } from '#wire/kafka/record/record.ts';
import { type Aborted, Producers, type ProducersSnapshot } from '../domain/producer.ts';
import { indexIntervalBytes, producerBatchesMax, producersMax, tierReadBytes } from './limits.ts';
import { type Disk, removedEnding } from './disk.ts';
import { Flush, type FlushConfig } from './flush.ts';
import { type BatchKey, generationOf, isSealed, openBatch, sealBatch } from './sealed-batch.ts';
import { machineBoot } from './boot.ts';
import { cutBatches, type RemoteRead, Segment } from './segment.ts';
import { fetchBack, recalledEnding } from './tier/fetch-back.ts';
import { type Mark, markEnding } from './tier/mark.ts';

/** What a partition needs to know of its topic's configuration. */
export type LogConfig = FlushConfig & {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** What of it stays on this disk where the topic is tiered. */
  readonly localMs: number;
  readonly localBytes: number;
  readonly deletes: boolean;
  readonly compacts: boolean;
  readonly appendTime: boolean;
  /** Milliseconds that files which were removed stay under another name. */
  readonly deleteDelayMs: number;
};

export type Appended = { readonly baseOffset: number; readonly duplicate: boolean; readonly appendTimeMs: number };
export type Chunk = { readonly records: Buffer; readonly aborted: readonly Aborted[] };

/** The keys of a partition whose batches may lie sealed. */
export type Vault = {
  /** Whether new batches are sealed. */
  seals(): boolean;
  /** The key for new batches; undefined: they lie in the clear. */
  writing(): Promise<BatchKey | undefined>;
  reading(generation: number): Promise<BatchKey>;
  /** Every key there is. */
  all(): Promise<readonly BatchKey[]>;
};

/** The store of blobs as a partition sees it. */
export type PartitionTier = {
  readonly read: RemoteRead;
  /** Removes copies that are not marked any more. */
  forget(marks: readonly Mark[]): void;
};

/** This broker's term; there is one leader, so that it never changes. */
export const leaderEpoch = 0;

/** The log of one partition: segments, its producers, and who waits for more. Appending is synchronous; order is the order of calls. */
export class Partition {
  readonly disk: Disk;
  readonly directory: string;
  readonly index: number;
  readonly producers = new Producers(producerBatchesMax);
  segments: Segment[] = [];
  logStart = 0;
  /** Set while writing fails; the partition is read-only until a write succeeds. */
  failure: string | undefined;
  #config: LogConfig;
  readonly #now: () => number;
  readonly #vault: Vault | undefined;
  readonly #tier: PartitionTier | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #flush: Flush;

  constructor(disk: Disk, directory: string, index: number, config: LogConfig, now: () => number, vault?: Vault, tier?: PartitionTier) {
    this.disk = disk;
    this.directory = directory;
    this.index = index;
    this.#config = config;
    this.#flush = new Flush(
      config,
      () => this.active,
      (segment) => this.segments.includes(segment),
    );
    this.#now = now;
    this.#vault = vault;
    this.#tier = tier;
  }

  get active(): Segment {
    return this.segments.at(-1) as Segment;
  }

  /** The offset that the next record gets; everything before it can be read. */
  get next(): number {
    return this.active.nextOffset;
  }

  /** The offset up to which no transaction is open. */
  get stable(): number {
    return this.producers.stable(this.next);
  }

  /** Whether what is acknowledged survives a loss of power. */
  get flushes(): boolean {
    return this.#flush.isStrict;
  }

  get sizeBytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  /** Bytes on this disk. */
  get localBytes(): number {
    return this.segments.reduce((sum, { isLocal, sizeBytes }) => sum + (isLocal ? sizeBytes : 0), 0);
  }

  /** The first offset that lies on this disk. */
  get localStart(): number {
    return Math.max(this.logStart, this.segments.find(({ isLocal }) => isLocal)?.baseOffset ?? this.next);
  }

  /** The last offset that lies in the store of blobs, -1 when none does. */
  get lastTiered(): number {
    return (this.segments.findLast(({ mark }) => mark)?.nextOffset ?? 0) - 1;
  }

  configure(config: LogConfig): void {
    this.#config = config;
    this.#flush.configure(config);
  }

  /** Opens the log: sealed segments by their index, the rest by reading it. */
  open(logStart = 0): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const names = readdirSync(this.directory);
    const isOver = (name: string) => ['.new', '.cleaned', recalledEnding, removedEnding].some((ending) => name.endsWith(ending));
    for (const name of names) if (isOver(name)) rmSync(`${this.directory}/${name}`);
    const named = (ending: string) => names.filter((name) => name.endsWith(ending)).map((name) => Number.parseInt(name, 10));
    const bases = [...new Set([...named('.log'), ...named(markEnding)])].sort((left, right) => left - right);
    this.segments = bases.map((base) => this.newSegment(base, this.#now()));
    for (const segment of this.segments) this.#load(segment, segment === this.segments.at(-1));
    const last = this.segments.at(-1);
    // Nothing is ever added to a segment that was copied.
    if (!last || last.mark) this.segments.push(this.newSegment(last?.nextOffset ?? logStart, this.#now()));
    this.logStart = Math.max(logStart, this.segments[0]?.baseOffset ?? 0);
    this.producers.forget(this.logStart, producersMax);
  }

  newSegment(baseOffset: number, createdAt: number): Segment {
    return new Segment(this.disk, this.directory, baseOffset, createdAt, this.#tier?.read);
  }

  #load(segment: Segment, isLast: boolean): void {
    segment.findMark();
    const facts = segment.readIndex<ProducersSnapshot>('begun');
    if (facts) this.producers.restore(facts.extra);
    // What is not believed now must not be later, when the file has grown to that size again.
    else if (segment.isLocal) this.disk.remove(segment.indexPath);
    if (segment.isLocal && (!facts || facts.boot !== undefined)) segment.recover((head, batch) => this.#note(head, batch));
    if (!facts && !isLast && segment.isLocal) segment.settleRead(this.producers.snapshot());
  }

  #note(head: BatchHead, batch: Buffer): void {
    if (!isControl(head.attributes)) this.producers.note(head, isTransactional(head.attributes));
    else this.producers.noteMarker(head, readRecords(batch, head)[0]?.key?.[3] === 1 ? 'commit' : 'abort');
  }

  /** The key under which the next batch is to be appended; undefined where it lies in the clear. Throws KeyUnavailable. */
  async writing(): Promise<BatchKey | undefined> {
    return this.#vault?.seals() ? this.#vault.writing() : undefined;
  }

  /** Appends a batch that was checked; sets offset and epoch in its bytes. Answers its error by name when its producer may not. */
  append(batch: Buffer, key?: BatchKey): Appended | { readonly error: ErrorName } {
    const received = readHead(batch);
    const found = this.producers.check(received);
    if (found && 'error' in found) return found;
    if (found) return { baseOffset: found.duplicate.offset, duplicate: true, appendTimeMs: -1 };
    const appendTimeMs = this.#config.appendTime ? this.#now() : -1;
    if (this.#config.appendTime) stampBatch(batch, appendTimeMs);
    const head = this.#write(batch, key);
    this.producers.note(head, isTransactional(head.attributes));
    this.#wake();
    return { baseOffset: head.baseOffset, duplicate: false, appendTimeMs };
  }

  /** Appends the marker that ends a transaction; an older epoch than the producer's is refused. */
  appendMarker(kind: 'commit' | 'abort', producer: { producerId: number; producerEpoch: number }): { error: ErrorName } | undefined {
    const known = this.producers.known(producer.producerId);
    if (known && producer.producerEpoch < known.epoch) return { error: 'INVALID_PRODUCER_EPOCH' };
    const head = this.#write(controlBatch(kind, producer, this.#now()));
    this.producers.noteMarker(head, kind);
    this.#wake();
    return undefined;
  }

  #write(batch: Buffer, key?: BatchKey): BatchHead {
    this.#rollIfDue(batch.length);
    placeBatch(batch, this.next, leaderEpoch);
    const head = readHead(batch);
    try {
      this.active.append(key ? sealBatch(batch, key) : batch, head.baseOffset + head.lastOffsetDelta, head.maxTimestamp);
      this.failure = undefined;
      this.#flush.note(head.count);
    } catch (error) {
      this.failure = String(error);
      throw error;
    }
    return head;
  }

  #rollIfDue(bytes: number): void {
    const { active } = this;
    if (active.sizeBytes === 0) return;
    const { segmentBytes, segmentMs } = this.#config;
    if (active.sizeBytes + bytes > segmentBytes || this.#now() - active.createdAt > segmentMs) this.roll();
  }

  /** Seals the active segment and begins another. */
  roll(): void {
    const { active } = this;
    // After a loss of power its file may have any size and lack what it had not been synced.
    // What it knows of producers is what they were when it ended, whenever that is written.
    const known = structuredClone(this.producers.snapshot());
    active.writeIndex(known, machineBoot);
    this.#flush.seal(active, known);
    const next = this.newSegment(active.nextOffset, this.#now());
    // Where everything before is let go, its name alone says how far the log has come.
    next.begin();
    this.segments.push(next);
  }

  /** Resolves when everything appended so far is as safe as the topic promises. */
  flushed(): Promise<void> {
    return this.#flush.flushed();
  }

  /** Batches from the one that holds `offset` on, whole, before `below`; the first one even when it is larger than `maxBytes`. */
  async read(offset: number, maxBytes: number, below: number): Promise<Chunk> {
    for (const segment of this.segments) {
      if (segment.nextOffset <= offset || segment.baseOffset >= below) continue;
      const records = await this.#readSegment(segment, Math.max(offset, segment.baseOffset), maxBytes, below);
      if (records.length === 0) continue;
      return { records: await this.opened(records), aborted: [] };
    }
    return { records: Buffer.alloc(0), aborted: [] };
  }

  /** Whole batches as they were received: those that lie sealed are opened. Throws KeyUnavailable. */
  async opened(records: Buffer): Promise<Buffer> {
    const batches: Buffer[] = [];
    let isChanged = false;
    for (let at = 0; at < records.length; ) {
      const head = readHead(records, at);
      const batch = records.subarray(at, at + head.sizeBytes);
      at += head.sizeBytes;
      if (isSealed(head.attributes)) {
        isChanged = true;
        batches.push(openBatch(batch, head, await this.#key(generationOf(batch))));
      } else batches.push(batch);
    }
    return isChanged ? Buffer.concat(batches) : records;
  }

  async #key(generation: number): Promise<BatchKey> {
    if (!this.#vault) throw new TypeError('a log that has no keys holds a sealed batch');
    return this.#vault.reading(generation);
  }

  /** Opens and seals batches without waiting, for whoever goes over all of them. Throws KeyUnavailable. */
  async keys(): Promise<ReadonlyMap<number, BatchKey>> {
    return new Map((await this.#vault?.all())?.map((key) => [key.generation, key]));
  }

  async #readSegment(segment: Segment, offset: number, maxBytes: number, below: number): Promise<Buffer> {
    let position = segment.positionBefore(offset);
    const most = segment.isLocal ? maxBytes : Math.min(maxBytes, tierReadBytes);
    let bytes = most + indexIntervalBytes;
    while (position + batchHeadBytes <= segment.sizeBytes) {
      const reading = segment.read(position, bytes);
      const found = reading instanceof Buffer ? reading : await reading;
      const { start, end, needed } = cutBatches(found, offset, below, maxBytes);
      if (end > start) return found.subarray(start, end);
      if (needed === 0 || found.length < batchHeadBytes) break;
      // No batch lies whole in what was read: go on at the one that was cut, with room for all of it.
      position += start;
      bytes = Math.max(needed, batchHeadBytes + most);
    }
    return Buffer.alloc(0);
  }

  /** Calls back once, when there is more to read or the log ends; returns how to stop waiting. */
  onMore(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  #wake(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Moves the start of the log; whole segments before it are removed. */
  deleteBefore(offset: number): void {
    this.logStart = Math.max(this.logStart, offset);
    while (this.segments.length > 1 && (this.segments[0] as Segment).nextOffset <= this.logStart)
      this.#drop(this.segments.shift() as Segment);
    this.producers.forget(this.logStart, producersMax);
  }

  #drop(segment: Segment): void {
    const { mark } = segment;
    segment.remove(this.#config.deleteDelayMs);
    if (mark) this.#tier?.forget([mark]);
  }

  /** Lets files on this disk go that are copied, and older or more than the topic keeps here. */
  releaseDue(): void {
    const { localMs, localBytes } = this.#config;
    const before = this.#now() - localMs;
    for (const segment of this.segments) {
      if (!segment.isLocal) continue;
      if (!segment.mark && segment.sizeBytes === 0) continue;
      if (!segment.mark) return;
      const isOld = localMs >= 0 && (segment.maxTimestamp < 0 ? segment.createdAt : segment.maxTimestamp) < before;
      if (!isOld && !(localBytes >= 0 && this.localBytes - segment.sizeBytes >= localBytes)) return;
      segment.release();
    }
  }

  /** Brings a segment back to this disk, where it is to be written anew; its copy is removed. */
  async recall(segment: Segment): Promise<void> {
    const { mark } = segment;
    if (!mark) return;
    if (!segment.isLocal) await fetchBack(this.disk, segment);
    segment.unmark();
    this.#tier?.forget([mark]);
  }

  /** Lets go of all copies; segments that are nowhere else are over. */
  dropTier(): void {
    this.deleteBefore(this.localStart);
    const marks = this.segments.flatMap((segment) => {
      const { mark } = segment;
      if (mark) segment.unmark();
      return mark ? [mark] : [];
    });
    this.#tier?.forget(marks);
  }

  /** Removes sealed segments that are older or more than the topic keeps; answers whether the start moved. */
  retain(): boolean {
    if (!this.#config.deletes) return false;
    const { retentionMs, retentionBytes } = this.#config;
    const before = this.logStart;
    const now = this.#now();
    const isOld = (segment: Segment) =>
      retentionMs >= 0 && (segment.maxTimestamp < 0 ? segment.createdAt : segment.maxTimestamp) < now - retentionMs;
    if (this.active.sizeBytes > 0 && isOld(this.active)) this.roll();
    const isDue = (segment: Segment) => isOld(segment) || (retentionBytes >= 0 && this.sizeBytes - segment.sizeBytes >= retentionBytes);
    while (this.segments.length > 1 && isDue(this.segments[0] as Segment)) this.deleteBefore((this.segments[0] as Segment).nextOffset);
    return this.logStart > before;
  }

  /** Writes the index of the active segment, so that the next start need not read it. */
  close(): void {
    this.#flush.stop();
    try {
      if (this.segments.length > 0 && this.active.sizeBytes > 0) this.active.writeIndex(this.producers.snapshot(), machineBoot);
    } catch {
      // On a full disk the next start reads the segment instead.
    }
    for (const segment of this.segments) segment.close();
    this.#wake();
  }

  /** Lets go of everything; the files go with the topic's folder. */
  remove(): void {
    this.#flush.stop();
    const marks = this.segments.flatMap(({ mark }) => mark ?? []);
    for (const segment of this.segments) segment.close();
    this.#tier?.forget(marks);
    this.#wake();
  }
}
