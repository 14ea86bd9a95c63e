import { createHash, randomBytes, randomInt } from 'node:crypto';
import { assertPlan } from './check-plan.ts';
import { fault } from './fault.ts';
import type { Launched, Launcher } from './launch.ts';
import { admitMs, heartbeatMs, platformStartMs, processNumberMax, supervisorLateMs } from './limits.ts';
import type { ChildSpec, StartBase } from './plan.ts';
import { portOf } from './port-memory.ts';
import type { AdmitOrder, DoorAddress, ProcessStatus, Report } from './protocol.ts';
import { Slot } from './slot.ts';

export type SupervisorOptions = {
  readonly plan: readonly ChildSpec[];
  readonly base: StartBase;
  readonly launch: Launcher;
  /** Secrets known from the start; foreign programs add theirs when they are ready. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Ports of doors at an earlier time, by `<service>.<protocol>`. */
  readonly ports?: Readonly<Record<string, number>>;
  /** False where parts share one event loop: their silence is then the supervisor's own. */
  readonly judges: boolean;
  readonly output: (process: string, chunk: Buffer) => void;
  readonly tell: (process: string, level: 'info' | 'warn' | 'error', text: string) => void;
  readonly onChange: () => void;
};

/** Starts the processes of a plan in order, keeps them running, and drains them in reverse. It knows nothing of what they do. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: ReadonlyMap<string, Slot>;
  readonly #secrets: Map<string, string>;
  readonly #ports: Map<string, number>;
  readonly #admits = new Map<string, AdmitOrder>();
  /** Who waits for which token to be taken in, by the token's hash. */
  readonly #admitted = new Map<string, (teller: string) => void>();
  #number = randomInt(processNumberMax);
  #lateAt = Number.NEGATIVE_INFINITY;
  #tick: NodeJS.Timeout | undefined;

  constructor(options: SupervisorOptions) {
    assertPlan(options.plan);
    this.#options = options;
    this.#secrets = new Map(Object.entries(options.secrets));
    this.#ports = new Map(Object.entries(options.ports ?? {}));
    const host = {
      launch: (slot: Slot, hooks: { onReport(report: Report): void }) => this.#launch(slot, hooks.onReport),
      order: (slot: Slot, launched: Launched) => this.#order(slot, launched),
      changed: () => options.onChange(),
      tell: (slot: Slot, level: 'info' | 'warn' | 'error', text: string) => options.tell(slot.spec.name, level, text),
    };
    this.#slots = new Map(options.plan.map((spec) => [spec.name, new Slot(spec, host)]));
  }

  /** Resolves when every critical process is ready; rejects with StartFailed, naming the one that failed and why. */
  async start(): Promise<void> {
    this.#watchLag();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(fault('StartFailed', this.#unready())), platformStartMs);
    const starts = [...this.#slots.values()].map((slot) => {
      const ready = this.#startWhenReady(slot);
      return slot.spec.critical ? ready : ready.catch(() => undefined);
    });
    try {
      await Promise.race([Promise.all(starts), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  status(): ProcessStatus[] {
    return [...this.#slots.values()].map((slot) => slot.status());
  }

  doors(): Record<string, DoorAddress> {
    return Object.assign({}, ...[...this.#slots.values()].map((slot) => slot.doors));
  }

  facts(): Record<string, string> {
    return Object.assign({}, ...[...this.#slots.values()].map((slot) => slot.facts));
  }

  /** Drains one process and starts it again; resolves when it is ready. */
  async restart(name: string): Promise<void> {
    const slot = this.#slots.get(name);
    if (!slot) throw fault('NotFound', `No process is called ${name}.`);
    slot.restart();
    await slot.whenReady();
  }

  /** Drains all, those first on which nothing else stands. */
  async stop(): Promise<void> {
    const stops = new Map<string, Promise<void>>();
    const stop = (slot: Slot): Promise<void> => {
      const { name, outlives = [] } = slot.spec;
      const known = stops.get(name);
      if (known) return known;
      const before = [...this.#slots.values()].filter((other) => other.spec.after.includes(name) || outlives.includes(other.spec.name));
      const stopped = Promise.all(before.map(stop)).then(() => slot.stop());
      stops.set(name, stopped);
      return stopped;
    };
    await Promise.all([...this.#slots.values()].map(stop));
    clearInterval(this.#tick);
  }

  /** Ends all at once without asking. */
  kill(): void {
    for (const slot of this.#slots.values()) slot.kill();
  }

  #unready(): string {
    const names = [...this.#slots.values()].filter((slot) => slot.state !== 'ready').map((slot) => slot.spec.name);
    return `${names.join(', ')}: not ready within ${platformStartMs / 1000} s`;
  }

  async #startWhenReady(slot: Slot): Promise<void> {
    await Promise.all(slot.spec.after.map((name) => this.#slots.get(name)?.firstReady));
    slot.start();
    await slot.firstReady;
  }

  #launch(slot: Slot, onReport: (report: Report) => void): Launched {
    const { name } = slot.spec;
    return this.#options.launch(slot.spec, {
      ...this.#options.base,
      output: (chunk) => this.#options.output(name, chunk),
      onSecrets: (secrets) => {
        for (const [key, value] of Object.entries(secrets)) this.#secrets.set(key, value);
      },
      onReport: (report) => {
        if (report.type === 'beat') return this.#beat(slot, report.lagMs);
        if (report.type === 'admitted') return this.#admitted.get(report.tokenHash)?.(name);
        onReport(report);
        if (report.type === 'ready') this.#keepPorts(report.doors);
      },
    });
  }

  async #order(slot: Slot, launched: Launched): Promise<void> {
    const { spec } = slot;
    if (spec.kind === 'foreign') return;
    const token = randomBytes(32).toString('hex');
    const admit: AdmitOrder = { type: 'admit', process: spec.name, tokenHash: createHash('sha256').update(token).digest('hex') };
    this.#admits.set(spec.name, admit);
    if (spec.admits) for (const earlier of this.#admits.values()) launched.order(earlier);
    await this.#admit(slot, admit);
    this.#number = (this.#number % processNumberMax) + 1;
    const secrets = Object.fromEntries((spec.secrets ?? []).map((name) => [name, this.#secrets.get(name) ?? '']));
    launched.order({
      type: 'start',
      ...this.#options.base,
      process: spec.name,
      token,
      number: this.#number,
      secrets,
      ports: Object.fromEntries(this.#ports),
    });
  }

  /** Tells those who must know a token of it, and waits until they do: a process must not call before it is known. */
  async #admit(slot: Slot, admit: AdmitOrder): Promise<void> {
    const told = [...this.#slots.values()].filter((other) => other !== slot && other.spec.kind === 'node' && other.spec.admits);
    const missing = new Set(told.filter((other) => other.state === 'ready').map((other) => other.spec.name));
    for (const other of told) other.send(admit);
    if (missing.size === 0) return;
    const { promise: all, resolve } = Promise.withResolvers<void>();
    this.#admitted.set(admit.tokenHash, (teller) => {
      missing.delete(teller);
      if (missing.size === 0) resolve();
    });
    const timer = setTimeout(resolve, admitMs);
    await all;
    clearTimeout(timer);
    this.#admitted.delete(admit.tokenHash);
  }

  #keepPorts(doors: Readonly<Record<string, DoorAddress>>): void {
    for (const [name, { url }] of Object.entries(doors)) {
      const port = portOf(url);
      if (port > 0) this.#ports.set(name, port);
    }
  }

  #beat(slot: Slot, lagMs: number): void {
    // Parts that share this event loop are late when it is, and cannot be ended by a signal.
    if (!this.#options.judges) return;
    const now = performance.now();
    slot.answered(now);
    // A lag counts only when the supervisor was on time all the while: else the machine was late, not the process.
    if (now - this.#lateAt > lagMs + 2 * heartbeatMs) slot.lagged(lagMs);
  }

  #watchLag(): void {
    if (!this.#options.judges) return;
    let last = performance.now();
    this.#tick = setInterval(() => {
      const now = performance.now();
      const late = now - last - heartbeatMs > supervisorLateMs;
      last = now;
      if (late) this.#lateAt = now;
      for (const slot of this.#slots.values()) late ? slot.answered(now) : slot.judge(now);
    }, heartbeatMs);
  }
}
