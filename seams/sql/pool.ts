import type { Address } from './address.ts';
import type { Connection } from './connection.ts';
import { PostgresError, SqlAborted, SqlMisuse, SqlRefused, SqlUnavailable } from './error.ts';
import { type Exchange, newExchange, type Part, resetExchange, type Result, type Status } from './exchange.ts';
import {
  connectionIdleMs,
  pipelineDepthMax,
  poolQueueMax,
  poolWaitMs,
  reconnectFirstMs,
  reconnectLongestMs,
  resendMax,
  silenceGraceMs,
} from './limits.ts';
import { openConnection, requestCancel } from './open.ts';

type Group = Exchange & {
  cancelAsked: boolean;
  readonly signal: AbortSignal | undefined;
  readonly deadline: number;
  readonly finish: (error: Error | null) => void;
  connection: Connection | null;
  aborted: boolean;
  sends: number;
};

type Reservation = { readonly deadline: number; resolve(c: Connection): void; reject(error: Error): void };

export type PoolOptions = {
  readonly address: Address;
  readonly max: number;
  readonly settings: ReadonlyMap<string, string>;
  /** 0: statements may run for ever, and silence is not watched. */
  readonly statementTimeoutMs: number;
};

/**
 * Connections shared by groups, which are pipelined, and lent whole to transactions. Transactions never take the last
 * connection of several, so that groups go on.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #open = new Set<Connection>();
  readonly #groups: Group[] = [];
  readonly #reservations: Reservation[] = [];
  readonly #claims = new Map<Connection, Reservation>();
  #opening = 0;
  #delayMs = 0;
  #retry: NodeJS.Timeout | null = null;
  #failure: Error | null = null;
  #closed = false;
  #drained: (() => void) | null = null;
  readonly #watch: NodeJS.Timeout;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#watch = setInterval(() => this.#inspect(), 250);
    this.#watch.unref();
  }

  /** Sends parts under one Sync on any connection and answers one result per part. */
  run(parts: readonly Part[], signal?: AbortSignal): Promise<Result[]> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new SqlAborted(signal.reason));
      const refused = this.#refuses(this.#groups.length);
      if (refused) return reject(refused);
      const onAbort = () => this.#abort(group);
      const finish = (error: Error | null): void => {
        signal?.removeEventListener('abort', onAbort);
        if (error) reject(error);
        else resolve(group.results);
      };
      const group: Group = Object.assign(
        newExchange(parts, (status) => this.#settled(group, status)),
        {
          signal,
          deadline: performance.now() + poolWaitMs,
          finish,
          connection: null,
          aborted: false,
          cancelAsked: false,
          sends: 0,
        },
      );
      signal?.addEventListener('abort', onAbort);
      this.#groups.push(group);
      this.#pump();
    });
  }

  /** Lends a whole idle connection; it comes back by `release`. */
  reserve(signal?: AbortSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new SqlAborted(signal.reason));
      const refused = this.#refuses(this.#reservations.length);
      if (refused) return reject(refused);
      const onAbort = () => {
        this.#withdraw(reservation);
        reservation.reject(new SqlAborted(signal?.reason));
      };
      const settle =
        <T>(done: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener('abort', onAbort);
          done(value);
        };
      const reservation: Reservation = {
        deadline: performance.now() + poolWaitMs,
        resolve: settle(resolve),
        reject: settle(reject),
      };
      signal?.addEventListener('abort', onAbort);
      this.#reservations.push(reservation);
      this.#pump();
    });
  }

  /** Takes a lent connection back; one that is not idle is in an unknown state and is dropped. */
  release(connection: Connection): void {
    if (connection.lost) return;
    if (connection.status !== 'idle' || connection.queue.length > 0)
      return connection.fail('A transaction left its connection in an unknown state.');
    connection.reserved = false;
    this.#pump();
  }

  /** Asks the server to stop what the connection runs; until the request is through, it gets no other work. */
  cancel(connection: Connection): void {
    if (connection.fence || connection.lost) return;
    connection.cancels++;
    connection.fence = requestCancel(this.#options.address, connection).then(() => {
      connection.fence = null;
      if (!connection.lost) this.#answered(connection);
      this.#pump();
    });
  }

  /** Refuses new work, waits for what runs, and closes. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const gone = poolClosed();
    for (const group of this.#groups.splice(0)) group.finish(gone);
    for (const reservation of [...this.#reservations, ...this.#claims.values()]) {
      this.#withdraw(reservation);
      reservation.reject(gone);
    }
    if (this.#retry) clearTimeout(this.#retry);
    this.#endIdle(0);
    if (this.#open.size > 0 || this.#opening > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    clearInterval(this.#watch);
  }

  #refuses(waiting: number): Error | null {
    if (this.#closed) return poolClosed();
    if (waiting >= poolQueueMax) return new SqlUnavailable('queue', `More than ${poolQueueMax} statement groups wait for a connection.`);
    return null;
  }

  #pump(): void {
    if (this.#closed) return this.#endIdle(0);
    this.#lend();
    while (this.#groups.length > 0) {
      const connection = this.#lightest();
      if (!connection || connection.queue.length > 0) this.#grow();
      if (!connection || connection.queue.length >= pipelineDepthMax) return;
      this.#send(this.#groups.shift() as Group, connection);
    }
  }

  #lend(): void {
    const most = Math.max(1, this.#options.max - 1);
    while (this.#reservations.length > 0) {
      let lent = 0;
      for (const connection of this.#open) if (connection.reserved) lent++;
      if (lent >= most) return;
      const connection = this.#lightest();
      if ((!connection || connection.queue.length > 0) && this.#grow()) return;
      if (!connection) return;
      const reservation = this.#reservations.shift() as Reservation;
      connection.reserved = true;
      if (connection.queue.length === 0) reservation.resolve(connection);
      else this.#claims.set(connection, reservation);
    }
  }

  #lightest(): Connection | undefined {
    let best: Connection | undefined;
    for (const connection of this.#open) {
      if (connection.reserved || connection.fence) continue;
      if (!best || connection.queue.length < best.queue.length) best = connection;
    }
    return best;
  }

  #send(group: Group, connection: Connection): void {
    group.connection = connection;
    group.sends++;
    connection.send(group);
  }

  #settled(group: Group, status: Status | 'lost'): void {
    const connection = group.connection as Connection;
    group.connection = null;
    if (status === 'transaction' || status === 'failed') connection.fail('A statement left its group in an open transaction.');
    if (group.error instanceof PostgresError && this.#mayRepeat(group, group.error, connection)) {
      // Its error was not its own: a pool that closes meanwhile answers what it answers everything that was not run.
      if (this.#closed) return group.finish(poolClosed());
      resetExchange(group);
      this.#groups.unshift(group);
      return;
    }
    const cancelled = group.aborted && group.error instanceof PostgresError && group.error.sqlstate === '57014';
    if (status === 'transaction' || status === 'failed')
      group.finish(new SqlMisuse('A statement left its group in an open transaction; it was rolled back.'));
    else group.finish(cancelled ? new SqlAborted(group.signal?.reason) : group.error);
  }

  // Safe to repeat: the error undid the whole group. A cancel was meant for a neighbour, or the plan no longer fits the tables.
  #mayRepeat(group: Group, error: PostgresError, connection: Connection): boolean {
    const stale = error.sqlstate === '26000' || error.routine === 'RevalidateCachedQuery';
    // Before its time is up it was a cancel; one passed on by a proxy may come late.
    const early = this.#options.statementTimeoutMs === 0 || performance.now() - group.sentAt < this.#options.statementTimeoutMs;
    const struck = error.sqlstate === '57014' && !group.aborted && connection.cancels > 0 && early;
    if (stale) connection.statements.clear();
    return (stale || struck) && group.sends <= resendMax;
  }

  #abort(group: Group): void {
    if (group.aborted) return;
    group.aborted = true;
    const waiting = this.#groups.indexOf(group);
    if (waiting >= 0) {
      this.#groups.splice(waiting, 1);
      return group.finish(new SqlAborted(group.signal?.reason));
    }
    if (group.connection) this.#cancelFirst(group.connection);
  }

  // Behind others in the pipeline an aborted group waits: a cancel hits what runs, which is the first.
  #cancelFirst(connection: Connection): void {
    const first = connection.queue[0] as Partial<Group> | undefined;
    if (!first?.aborted || first.cancelAsked || connection.fence) return;
    first.cancelAsked = true;
    this.cancel(connection);
  }

  #withdraw(reservation: Reservation): void {
    const waiting = this.#reservations.indexOf(reservation);
    if (waiting >= 0) this.#reservations.splice(waiting, 1);
    for (const [connection, claim] of this.#claims) {
      if (claim !== reservation) continue;
      this.#claims.delete(connection);
      connection.reserved = false;
    }
  }

  #answered(connection: Connection): void {
    this.#cancelFirst(connection);
    const claim = this.#claims.get(connection);
    if (claim && connection.queue.length === 0 && !connection.fence) {
      this.#claims.delete(connection);
      claim.resolve(connection);
    }
    if (this.#groups.length > 0 || this.#reservations.length > 0 || this.#closed) this.#pump();
  }

  #lost(connection: Connection): void {
    this.#open.delete(connection);
    const claim = this.#claims.get(connection);
    this.#claims.delete(connection);
    if (claim) this.#reservations.unshift(claim);
    if (this.#closed) return this.#settleClose();
    queueMicrotask(() => this.#pump());
  }

  /** Answers whether a connection is being made. While the server fails, one attempt at a time is. */
  #grow(): boolean {
    const mayOpen = this.#open.size + this.#opening < this.#options.max && !this.#retry && !(this.#failure && this.#opening > 0);
    if (mayOpen) {
      this.#opening++;
      void this.#connect();
    }
    return this.#opening > 0;
  }

  async #connect(): Promise<void> {
    try {
      const hooks = { onIdle: (c: Connection) => this.#answered(c), onLost: (c: Connection) => this.#lost(c) };
      const connection = await openConnection(this.#options.address, this.#options.settings, hooks);
      this.#opening--;
      this.#failure = null;
      this.#delayMs = 0;
      if (!connection.lost) this.#open.add(connection);
    } catch (error) {
      this.#opening--;
      this.#failure = error as Error;
      this.#backOff();
      if (error instanceof SqlRefused) this.#refuseAll(error);
    }
    if (this.#closed) this.#settleClose();
    this.#pump();
  }

  #refuseAll(error: SqlRefused): void {
    if (this.#open.size > 0) return;
    for (const group of this.#groups.splice(0)) group.finish(error);
    for (const reservation of this.#reservations.splice(0)) reservation.reject(error);
  }

  #backOff(): void {
    if (this.#retry || this.#closed) return;
    this.#delayMs = Math.min(reconnectLongestMs, this.#delayMs === 0 ? reconnectFirstMs : this.#delayMs * 2);
    this.#retry = setTimeout(
      () => {
        this.#retry = null;
        this.#pump();
      },
      this.#delayMs * (0.5 + Math.random() / 2),
    );
  }

  #inspect(): void {
    const now = performance.now();
    const late = () =>
      new SqlUnavailable('wait', `No connection to PostgreSQL came free within ${poolWaitMs} ms.`, {
        cause: this.#failure ?? undefined,
      });
    while (this.#groups[0] && this.#groups[0].deadline < now) this.#groups.shift()?.finish(late());
    for (const reservation of [...this.#reservations, ...this.#claims.values()]) {
      if (reservation.deadline >= now) continue;
      this.#withdraw(reservation);
      reservation.reject(late());
    }
    for (const connection of this.#open) {
      this.#listen(connection, now);
      this.#cancelAgain(connection);
    }
    this.#endIdle(connectionIdleMs);
  }

  // A cancel that came before its statement had begun did nothing.
  #cancelAgain(connection: Connection): void {
    const first = connection.queue[0] as Partial<Group> | undefined;
    if (first && (first.aborted || connection.unwanted)) this.cancel(connection);
  }

  // The answers of a group may come all together at its end, so it may be silent for each of its statements.
  #listen(connection: Connection, now: number): void {
    const first = connection.queue[0];
    if (!first || this.#options.statementTimeoutMs === 0) return;
    const allowed = this.#options.statementTimeoutMs * Math.max(1, first.parts.length) + silenceGraceMs;
    if (now - Math.max(connection.heardAt, first.sentAt) > allowed) connection.fail(`PostgreSQL was silent for ${Math.round(allowed)} ms.`);
  }

  #endIdle(afterMs: number): void {
    const now = performance.now();
    for (const connection of [...this.#open]) {
      const busy = connection.reserved || connection.fence !== null || connection.queue.length > 0;
      if (!busy && now - connection.heardAt >= afterMs) connection.end();
    }
  }

  #settleClose(): void {
    if (this.#open.size === 0 && this.#opening === 0) this.#drained?.();
  }
}

function poolClosed(): SqlUnavailable {
  return new SqlUnavailable('closed', 'The pool is closed.');
}
