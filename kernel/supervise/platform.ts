import { flushCompileCache } from 'node:module';
import { parseAddress } from '#seams/sql/address.ts';
import { reserveOf } from '../volume/ballast.ts';
import { type BallastKeeper, keepBallast, type SpaceEvent } from '../volume/ballast-keeper.ts';
import { openVolume, type Volume } from '../volume/volume.ts';
import { openControlSocket } from './control-socket.ts';
import { fault, OperationError } from './fault.ts';
import type { Launcher } from './launch.ts';
import { launchForeign } from './launch-foreign.ts';
import { launchMemory } from './launch-memory.ts';
import { launchProcess } from './launch-process.ts';
import { endLeftovers } from './leftover.ts';
import { type LogRoom, openLogs, shorten } from './log-room.ts';
import type { ChildSpec } from './plan.ts';
import { platformPlan } from './platform-plan.ts';
import { readPorts, writePorts } from './port-memory.ts';
import type { Settings } from './protocol.ts';
import { settingsOf } from './settings.ts';
import { type PlatformPhase, type PlatformStatus, writeStatus } from './status.ts';
import { Supervisor } from './supervisor.ts';

export type PlatformOptions = {
  /** The data directory, made when it is missing. */
  readonly data: string;
  /** 'processes': one process for each part; 'in-process': all parts in this one, for tests. PostgreSQL is a child in both. */
  readonly mode: 'processes' | 'in-process';
  readonly settings?: Partial<Settings>;
  /** Other processes than those of the platform itself. */
  readonly plan?: readonly ChildSpec[];
  /** Gets one short line for every warning and error of any process. */
  readonly onNotable?: (line: string) => void;
};

/** A platform that is up. */
export type Platform = {
  readonly data: string;
  readonly doors: PlatformStatus['doors'];
  readonly facts: PlatformStatus['facts'];
  readonly notes: PlatformStatus['notes'];
  /** Resolves when the platform has stopped, whoever asked. */
  readonly ended: Promise<void>;
  status(): PlatformStatus;
  /** Drains one process and starts it again; resolves when it is ready. */
  restart(name: string): Promise<void>;
  /** Drains all and gives the data directory free. */
  stop(): Promise<void>;
};

/**
 * Starts a platform and resolves when all is ready. Throws one clear fault, with nothing left running, when a part does
 * not start. Aborting `signal` before that stops the start.
 */
export async function startPlatform(options: PlatformOptions, signal?: AbortSignal): Promise<Platform> {
  const settings = settingsOf(options.settings ?? {});
  if (settings.sql !== undefined) await checkExternal(settings.sql);
  reserveOf(settings.reserveBytes);
  const volume = openVolume(options.data);
  const house = openHouse(volume, options, settings);
  const abort = () => void house.stop();
  signal?.addEventListener('abort', abort);
  try {
    await house.start();
    signal?.throwIfAborted();
    return house;
  } catch (error) {
    await house.stop();
    throw house.explain(error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function openHouse(volume: Volume, options: PlatformOptions, settings: Settings): House {
  try {
    return new House(volume, options, settings);
  } catch (error) {
    volume.close();
    throw error;
  }
}

/** The last lines that the process wrote whose failure ended a start. */
export function failureTail(error: unknown): readonly string[] {
  const cause = error instanceof OperationError ? error.cause : undefined;
  return cause instanceof LogTail ? cause.lines : [];
}

class LogTail {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    this.lines = lines;
  }
}

/** A data directory with all that runs on it, from the opening to the end. */
class House implements Platform {
  readonly ended: Promise<void>;
  readonly #end = Promise.withResolvers<void>();
  readonly #since = Date.now();
  readonly #volume: Volume;
  readonly #logs: LogRoom;
  readonly #space: BallastKeeper;
  readonly #supervisor: Supervisor;
  readonly #foreign: ReadonlySet<string>;
  #phase: PlatformPhase = 'starting';
  #control: { close(): void } | undefined;
  #started: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #writing: NodeJS.Immediate | undefined;
  #spaceNote: string | undefined;

  constructor(volume: Volume, options: PlatformOptions, settings: Settings) {
    this.ended = this.#end.promise;
    const plan = options.plan ?? platformPlan(settings);
    const logs = openLogs(volume.directory('log'), options.onNotable ?? (() => undefined));
    this.#volume = volume;
    this.#logs = logs;
    this.#foreign = new Set(plan.filter((spec) => spec.kind === 'foreign').map((spec) => spec.name));
    this.#space = keepBallast(volume.path, reserveOf(settings.reserveBytes), (event) => this.#onSpace(event));
    this.#supervisor = new Supervisor({
      plan,
      base: { deployment: volume.deployment, data: volume.path, run: volume.run, settings },
      launch: launcher(options.mode),
      secrets: settings.sql === undefined ? {} : { 'sql.admin': settings.sql },
      ports: settings.ports === 'auto' ? readPorts(volume.path) : {},
      judges: options.mode === 'processes',
      output: logs.output,
      tell: logs.tell,
      onChange: () => this.#changed(),
    });
  }

  get data() {
    return this.#volume.path;
  }

  get doors() {
    return this.#supervisor.doors();
  }

  get facts() {
    return this.#supervisor.facts();
  }

  get notes() {
    return this.#spaceNote === undefined ? [] : [this.#spaceNote];
  }

  async start(): Promise<void> {
    for (const name of await endLeftovers(this.data))
      this.#logs.tell(name, 'warn', 'still ran after its supervisor had died and was ended');
    this.#control = await openControlSocket(this.#volume.run, {
      status: () => this.status(),
      started: () => this.#started.catch(() => undefined),
      restart: (name) => this.restart(name),
      down: () => void this.stop(),
    });
    this.#started = this.#supervisor.start();
    await this.#started;
    this.#phase = 'ready';
    this.#space.fill();
    setImmediate(flushCompileCache);
    writePorts(this.data, this.doors);
  }

  status(): PlatformStatus {
    const { data, doors, facts, notes } = this;
    return { phase: this.#phase, pid: process.pid, data, since: this.#since, processes: this.#supervisor.status(), doors, facts, notes };
  }

  restart(name: string): Promise<void> {
    return this.#supervisor.restart(name);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Adds the last lines of the process that failed, which say more than the sentence about it. */
  explain(error: unknown): unknown {
    if (!(error instanceof OperationError) || error.code !== 'StartFailed') return error;
    const name = error.detail?.split(':', 1)[0] ?? '';
    return fault('StartFailed', { detail: error.detail, cause: new LogTail(this.#logs.tail(name).map(shorten)) });
  }

  async #stop(): Promise<void> {
    this.#phase = 'draining';
    await this.#supervisor.stop();
    this.#phase = 'stopped';
    await this.#space.stop();
    if (this.#writing) clearImmediate(this.#writing);
    writeStatus(this.data, this.#supervisor.status(), this.#foreign);
    await this.#logs.close();
    this.#control?.close();
    this.#volume.close();
    this.#end.resolve();
  }

  #onSpace({ level, text }: SpaceEvent): void {
    this.#logs.tell('disk:', level, text);
    this.#spaceNote = level === 'info' ? undefined : text;
  }

  /** Several changes of one turn are written once. */
  #changed(): void {
    this.#writing ??= setImmediate(() => {
      this.#writing = undefined;
      writeStatus(this.data, this.#supervisor.status(), this.#foreign);
    });
  }
}

function launcher(mode: PlatformOptions['mode']): Launcher {
  const launchNode = mode === 'processes' ? launchProcess : launchMemory;
  return (spec, host) => (spec.kind === 'foreign' ? launchForeign(spec, host) : launchNode(spec, host));
}

/** An external PostgreSQL that cannot be used is told before anything is started. */
async function checkExternal(url: string): Promise<void> {
  try {
    parseAddress(url);
    const { openExternal } = await import('#seams/sql/external.ts');
    await openExternal(url);
  } catch (cause) {
    const connect = (cause as { cause?: Error }).cause?.message;
    throw fault('SeamUnsupported', { detail: connect ?? (cause as Error).message, cause });
  }
}
