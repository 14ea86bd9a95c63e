import { fault } from './fault.ts';
import type { Launched, LaunchHost } from './launch.ts';
import { abortMs, drainMs, lagMaxMs, startMs } from './limits.ts';
import type { ChildSpec } from './plan.ts';
import type { DoorAddress, Order, ProcessState, ProcessStatus, Report } from './protocol.ts';
import { afterExit, type ExitHistory, noExits } from './restart.ts';

/** What a slot needs of its supervisor. */
export type SlotHost = {
  launch(slot: Slot, hooks: Pick<LaunchHost, 'onReport'>): Launched;
  /** Gives the process its token and tells those who must know it, then sends the start order. */
  order(slot: Slot, launched: Launched): Promise<void>;
  changed(slot: Slot): void;
  tell(slot: Slot, level: 'info' | 'warn' | 'error', text: string): void;
};

/** One place of the plan: the process that fills it now, and what is known of those before. */
export class Slot {
  readonly spec: ChildSpec;
  doors: Readonly<Record<string, DoorAddress>> = {};
  facts: Readonly<Record<string, string>> = {};
  /** What `whenReady` gave for the first start. */
  readonly firstReady: Promise<void>;
  readonly #host: SlotHost;
  #ready = newTurn();
  readonly #stopped = Promise.withResolvers<void>();
  #state: ProcessState = 'starting';
  #since = Date.now();
  #reason: string | undefined;
  #restarts = 0;
  #launched: Launched | undefined;
  #history: ExitHistory = noExits;
  #readyAt: number | undefined;
  #beatAt = 0;
  /** Why the process is about to end, when that is known before it does. */
  #cause: { text: string; fatal: boolean } | undefined;
  #stopping = false;
  #again = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(spec: ChildSpec, host: SlotHost) {
    this.spec = spec;
    this.#host = host;
    this.firstReady = this.whenReady();
  }

  /** Resolves when the process is ready next; rejects with StartFailed when it has failed or is stopped before. */
  whenReady(): Promise<void> {
    return this.#ready.promise;
  }

  get state(): ProcessState {
    return this.#state;
  }

  status(): ProcessStatus {
    const reason = this.#reason === undefined ? {} : { reason: this.#reason };
    return {
      name: this.spec.name,
      pid: this.#launched?.pid() ?? null,
      state: this.#state,
      restarts: this.#restarts,
      since: this.#since,
      ...reason,
    };
  }

  start(): void {
    if (this.#stopping) return;
    this.#set('starting', this.#reason);
    const launched = this.#host.launch(this, { onReport: (report) => this.#report(report) });
    this.#launched = launched;
    // A foreign program knows better how long it may take: a database may have to recover first.
    if (this.spec.kind === 'node') this.#timer = setTimeout(() => this.#abort(`was not ready within ${startMs / 1000} s`), startMs);
    void this.#host.order(this, launched);
    void launched.ended.then((how) => this.#exited(how));
    this.#host.changed(this);
  }

  /** Sends an order to the process there is, if there is one. */
  send(order: Order): void {
    this.#launched?.order(order);
  }

  /** Aborts the process when it has been silent for too long. Called only when the supervisor itself is on time. */
  judge(now: number): void {
    const silentMs = now - this.#beatAt;
    if (this.#state === 'ready' && this.spec.kind === 'node' && silentMs > lagMaxMs) {
      this.#abort(`did not answer for ${(silentMs / 1000).toFixed(1)} s`);
    }
  }

  /** The process has answered, or the time until now counts as answered because the supervisor was late itself. */
  answered(now: number): void {
    this.#beatAt = now;
  }

  /** A lag that the process reported and that the supervisor believes. */
  lagged(lagMs: number): void {
    if (lagMs > lagMaxMs && this.#state === 'ready') this.#abort(`was late by ${(lagMs / 1000).toFixed(1)} s`);
  }

  /** Drains the process and starts it again at once, as an operator asks; its circuit is closed. */
  restart(): void {
    if (this.#stopping || this.#again) return;
    this.#history = noExits;
    if (!this.#launched) {
      clearTimeout(this.#timer);
      this.#restarts += 1;
      return this.start();
    }
    this.#again = true;
    this.#drain();
  }

  /** Drains the process for good. */
  stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#fail('the platform is shutting down');
      clearTimeout(this.#timer);
      if (this.#launched) this.#drain();
      else this.#finish();
    }
    return this.#stopped.promise;
  }

  /** Ends the process without asking it. */
  kill(): void {
    this.#launched?.kill('SIGKILL');
  }

  #drain(): void {
    this.#set('draining');
    clearTimeout(this.#timer);
    this.send({ type: 'drain' });
    this.#timer = setTimeout(() => {
      this.#host.tell(this, 'warn', `did not drain within ${drainMs / 1000} s and is killed`);
      this.kill();
    }, drainMs);
  }

  #report(report: Report): void {
    if (report.type === 'fatal' || report.type === 'failed') this.#cause = { text: report.sentence, fatal: report.type === 'fatal' };
    if (report.type !== 'ready' || this.#state !== 'starting' || this.#cause) return;
    clearTimeout(this.#timer);
    this.doors = report.doors;
    this.facts = report.facts ?? {};
    this.#readyAt = performance.now();
    this.#beatAt = this.#readyAt;
    this.#set('ready');
    this.#ready.resolve();
    this.#ready = newTurn();
    this.#host.tell(this, 'info', 'is ready');
  }

  #abort(text: string): void {
    if (this.#cause) return;
    this.#cause = { text, fatal: false };
    clearTimeout(this.#timer);
    this.#host.tell(this, 'error', `${text} and is aborted`);
    this.#launched?.kill('SIGABRT');
    this.#timer = setTimeout(() => this.kill(), abortMs);
  }

  #exited(how: string): void {
    clearTimeout(this.#timer);
    this.#launched = undefined;
    const cause = this.#cause ?? { text: how, fatal: false };
    const readyMs = this.#readyAt === undefined ? 0 : performance.now() - this.#readyAt;
    this.#cause = undefined;
    this.#readyAt = undefined;
    if (this.#stopping) return this.#finish();
    if (this.#again) {
      this.#again = false;
      this.#restarts += 1;
      return this.start();
    }
    const next = afterExit(this.#history, performance.now(), readyMs, Math.random(), cause.fatal);
    this.#history = next.history;
    this.#set(next.open ? 'failed' : 'starting', cause.text);
    const then = next.open ? `is tried again in ${Math.round(next.delayMs / 1000)} s` : `is restarted in ${next.delayMs} ms`;
    this.#host.tell(this, 'error', `${cause.text}; it ${then}`);
    if (next.open) this.#fail(cause.text);
    this.#timer = setTimeout(() => {
      this.#restarts += 1;
      this.start();
    }, next.delayMs);
  }

  #fail(why: string): void {
    this.#ready.reject(fault('StartFailed', `${this.spec.name}: ${why}`));
    this.#ready = newTurn();
  }

  #finish(): void {
    this.#set('stopped');
    this.#stopped.resolve();
  }

  #set(state: ProcessState, reason?: string): void {
    if (state !== this.#state) this.#since = Date.now();
    this.#state = state;
    this.#reason = reason;
    this.#host.changed(this);
  }
}

/** A promise of which whoever waits learns; where nobody does, its failure is no accident. */
function newTurn(): PromiseWithResolvers<void> {
  const turn = Promise.withResolvers<void>();
  turn.promise.catch(() => undefined);
  return turn;
}
