import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Log } from '#kernel/contract/implement.ts';
import { workerLineMaxBytes, workerLookMs } from '../limits.ts';
import { isOwn } from '../holder.ts';
import type { Partitions } from '../partition.ts';
import type { StoreWorker } from '../store.ts';
import { answerCall, callWorker, type Procedures } from './call.ts';

/** What processes tell each other without being asked; the name says who takes it. */
export type Told = { readonly [name: string]: unknown };

type Line = { socket: Socket | undefined };

/**
 * The other processes that write partitions of the same store. Each has a line to every other one, on which it tells what changed;
 * what lies in a partition of another is read anew whenever its process has started.
 */
export class Workers {
  readonly place: StoreWorker;
  readonly #partitions: Partitions;
  readonly #log: Log;
  readonly #lines = new Map<number, Line>();
  readonly #taken = new Set<Socket>();
  readonly #listeners: ((told: Told, from: number) => void)[] = [];
  readonly #onReached: ((worker: number) => void)[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #procedures: Procedures = {};
  #isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(place: StoreWorker, partitions: Partitions, log: Log) {
    this.place = place;
    this.#partitions = partitions;
    this.#log = log;
  }

  get others(): number[] {
    return Array.from({ length: this.place.count }, (_, index) => index).filter((index) => index !== this.place.index);
  }

  /** What others may ask of this process. */
  answer(procedures: Procedures): void {
    this.#procedures = { ...this.#procedures, ...procedures };
  }

  /** Calls back with what others tell. */
  onTold(listener: (told: Told, from: number) => void): void {
    this.#listeners.push(listener);
  }

  /** Calls back when another process can be told something, for the first time or again. */
  onReached(listener: (worker: number) => void): void {
    this.#onReached.push(listener);
  }

  /** Connects to all others, and keeps connected; resolves when those that are there were reached. */
  async open(): Promise<void> {
    await Promise.all(this.others.map((worker) => this.#reach(worker)));
  }

  /** Whether what lies in the partitions of all others can be read. */
  get isKnown(): boolean {
    return this.#partitions.holders.every((holder) => isOwn(holder) || holder.isOpen);
  }

  /** Resolves once it can, or the time is over. */
  async known(waitMs: number): Promise<void> {
    if (this.isKnown) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Tells one of the others, or all; one that is away learns how things stand when it is reached. */
  tell(told: Told, worker?: number): void {
    const line = `${JSON.stringify(told)}\n`;
    for (const [index, { socket }] of this.#lines) if (worker === undefined || index === worker) socket?.write(line);
  }

  /** Asks another process. */
  async ask<T>(worker: number, name: string, input: unknown, more: Parameters<typeof callWorker>[3]): Promise<T> {
    return (await callWorker<T>(this.place.path(worker), name, input, more)).output;
  }

  /** Takes a connection of another process. */
  take(socket: Socket, greeting: Told): void {
    this.#taken.add(socket);
    socket.once('close', () => this.#taken.delete(socket));
    if (typeof greeting.call === 'string') {
      answerCall(socket, greeting.call, this.#procedures).catch((error: unknown) =>
        this.#log('error', 'what another process asked failed', { call: greeting.call, error: String((error as Error).stack) }),
      );
    } else if (typeof greeting.line === 'number') this.#listen(socket, greeting.line);
    else socket.destroy();
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { socket } of this.#lines.values()) socket?.destroy();
    for (const socket of this.#taken) socket.destroy();
  }

  #listen(socket: Socket, from: number): void {
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => {
      if (line.length > workerLineMaxBytes) return void socket.destroy();
      for (const listener of this.#listeners) listener(JSON.parse(line) as Told, from);
    });
    socket.once('close', () => {
      // What it was reading when it was killed is kept for nobody.
      if (!this.#isClosed) for (const { catalog } of this.#partitions.all) catalog.forgetReaders();
    });
  }

  async #reach(worker: number): Promise<void> {
    if (this.#isClosed) return;
    const line = this.#lines.get(worker) ?? { socket: undefined };
    this.#lines.set(worker, line);
    const socket = connect({ path: this.place.path(worker) });
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (!isThere) return this.#later(worker);
    socket.on('error', () => {});
    socket.resume();
    socket.write(`${JSON.stringify({ line: this.place.index })}\n`);
    try {
      for (const holder of this.#partitions.holders) if (!isOwn(holder) && holder.worker === worker) await holder.open();
    } catch (error) {
      this.#log('error', 'the index of another process could not be opened; trying again', { worker, error: String(error) });
      socket.destroy();
      return this.#later(worker);
    }
    if (this.#isClosed || socket.destroyed) {
      socket.destroy();
      return this.#later(worker);
    }
    line.socket = socket;
    socket.once('close', () => {
      line.socket = undefined;
      if (!this.#isClosed) this.#log('warn', 'another process of storage is away', { worker });
      this.#later(worker);
    });
    for (const listener of this.#onReached) listener(worker);
    if (!this.isKnown) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting = [];
  }

  #later(worker: number): void {
    if (this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#reach(worker);
    }, workerLookMs);
    timer.unref();
    this.#timers.add(timer);
  }
}
