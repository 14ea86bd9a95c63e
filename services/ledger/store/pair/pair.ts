import type { Log } from '#kernel/contract/implement.ts';
import { fault } from '#kernel/contract/fault.ts';
import type { Book } from '../book.ts';
import { finishMs } from '../limits.ts';
import { joined, type Place } from '../place.ts';
import type { Fence, Row } from '#kernel/pair/fence.ts';
import { firstRow, takeAlone } from '#kernel/pair/seat.ts';
import { Follow, loadFollowing, markJoined } from './follow.ts';
import { Lead } from './lead.ts';
import type { Wire } from './wire.ts';

export type PairOptions = {
  readonly book: Book;
  readonly fence: Fence;
  /** The two processes in the order of their addresses, and which of them this is. The first begins. */
  readonly names: readonly [string, string];
  readonly self: string;
  /** Opens a line to the other process. */
  readonly connect: () => Promise<Wire>;
  /** Milliseconds of a clock that only goes on. */
  readonly now: () => number;
  readonly log: Log;
  /** The address of this process' REST door. */
  readonly rest: () => string;
  /** Called once when another process has taken the ledger from this one, which must end and start anew. */
  readonly onFenced: () => void;
};

/** One of the two processes that keep a ledger: the primary, or its standby. PostgreSQL says which. */
export class Pair implements Place {
  readonly #options: PairOptions;
  #row: Row | undefined;
  #lead: Lead | undefined;
  #follow: Follow | undefined;
  #beginning = false;
  #stopped = false;
  /** The REST address of the primary, while that is the other process. */
  elsewhere: string | undefined;

  constructor(options: PairOptions) {
    this.#options = options;
    options.book.place = this;
  }

  get serves(): boolean {
    return this.#lead !== undefined && !this.#lead.fenced;
  }
  get takes(): boolean {
    return this.#lead?.takes ?? false;
  }
  get replica(): number {
    return this.#options.names.indexOf(this.#options.self);
  }
  get view(): number {
    return this.#row ? (Number(this.#row.epoch) * 2 + this.#options.names.indexOf(this.#row.holder)) >>> 0 : 0;
  }
  /** What it is doing, in a word. */
  get state(): string {
    return this.#lead ? `primary ${this.#lead.mode}` : `standby ${this.#follow?.state ?? 'starting'}`;
  }

  confirm(send: () => void): void {
    this.#lead?.confirm(send);
  }

  renew(work: () => Promise<void>): Promise<boolean> {
    if (!this.#lead) throw fault('Unavailable', 'This process of the ledger is the standby.');
    return this.#lead.renew(work);
  }

  /** Looks at the row and becomes what it says; tried again by `tick` while PostgreSQL is away. */
  async begin(): Promise<void> {
    if (this.#beginning || this.#lead || this.#follow || this.#stopped) return;
    this.#beginning = true;
    try {
      await this.#begin();
    } catch (error) {
      this.#options.log('warn', 'the ledger waits to be told who holds it', { error: String(error) });
    } finally {
      this.#beginning = false;
    }
  }

  async #begin(): Promise<void> {
    const { book, fence, self, names, log } = this.#options;
    const isJoined = book.disk.list().includes(joined);
    const row = await firstRow({ fence, names, self, hasPast: isJoined }, forgotten);
    if (!row || this.#stopped) return;
    this.#row = row;
    const isFirst = row.epoch === 0n && self === names[0];
    if (row.holder === self && (isJoined || isFirst)) {
      await markJoined(book);
      const taken = await fence.swap(row, { ...row, epoch: row.epoch + 1n });
      if (!taken || this.#stopped) return;
      await book.load({ unsure: taken.synced });
      this.#leads(taken);
      if (!taken.synced) book.lead();
      return;
    }
    await loadFollowing(book, () => this.#outOfSync(row), log);
    if (this.#stopped) return;
    const { connect, now } = this.#options;
    this.#follow = new Follow({
      ...{ book, fence, self, connect, now, log },
      onRow: (seen) => this.#saw(seen),
      onRest: (rest) => {
        this.elsewhere = rest;
      },
      onPromoted: (taken) => {
        book.lead();
        this.#leads(taken);
      },
    });
    this.#follow.tick();
  }

  async #outOfSync(row: Row): Promise<void> {
    if (row.synced && !(await this.#options.fence.swap(row, { ...row, synced: false })))
      throw fault('Unavailable', 'The row has changed in between.');
  }

  #saw(row: Row): void {
    this.#row = row;
  }

  #leads(row: Row): void {
    const { book, fence, now, log, rest, onFenced } = this.#options;
    this.#row = row;
    this.#follow = undefined;
    this.elsewhere = undefined;
    this.#lead = new Lead({ book, fence, row, now, log, rest, onFenced });
    log('info', 'this process is the primary of the ledger', { epoch: `${row.epoch}` });
    this.#lead.tick();
  }

  /** The other process has opened a line. */
  accept(wire: Wire): void {
    if (this.#lead && !this.#lead.fenced) this.#lead.accept(wire);
    else wire.close();
  }

  /** Called every `beatEveryMs`. */
  tick(): void {
    if (this.#lead) this.#lead.tick();
    else if (this.#follow) this.#follow.tick();
    else void this.begin();
  }

  /** The process is about to end: it takes nobody's place any more. */
  drain(): void {
    this.#follow?.drain();
    if (!this.#lead && !this.#follow) this.#stopped = true;
  }

  /** Resolves when what was acknowledged here is where it must be, or that cannot be waited for any longer. */
  async finish(): Promise<void> {
    if (this.#lead) await this.#options.book.log.settled(finishMs);
    else await this.#follow?.finish(finishMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#lead?.stop();
    this.#follow?.stop();
  }
}

const forgotten = () => fault('LogDamaged', 'PostgreSQL has forgotten who holds the ledger.');

/** A ledger kept by one process alone, where it was kept by two: refused while the other one holds it. */
export async function takeLedger(book: Book, fence: Fence, self: string): Promise<void> {
  if (!book.disk.list().includes(joined)) return;
  await takeAlone(fence, self, (holder) =>
    fault('LedgerElsewhere', `The process ${holder} holds the ledger: start the platform with --standby ledger.`),
  );
}
