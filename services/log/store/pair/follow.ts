import { closeSync, constants, mkdirSync, openSync, renameSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '#kernel/contract/implement.ts';
import type { Fence, Row } from '#kernel/pair/fence.ts';
import type { Wire } from '#kernel/pair/wire.ts';
import { syncFolder } from '../folder.ts';
import { endPollMs, finishMs, patienceMs, silenceMs } from '../limits.ts';
import { filesOf, hashOf, isWhole, markWhole, wholePath } from './file.ts';
import { type Begin, type Doors, type FileFacts, type Hello, kind, readChange } from './message.ts';

export type FollowOptions = {
  /** The directory that becomes what the leader's is. */
  readonly root: string;
  readonly fence: Fence;
  readonly self: string;
  readonly connect: () => Promise<Wire>;
  readonly doors: () => Doors;
  /** Milliseconds of a clock that only goes on. */
  readonly now: () => number;
  readonly log: Log;
  /** Called once when this process holds the log: it ends, and starts anew as the leader. */
  readonly onPromoted: () => void;
};

/** `away`: no line to the leader. `greeting`: it was told what we have. `following`: all it has is here, and changes come in. */
type State = 'away' | 'greeting' | 'following' | 'over';

/** At a position, in a file that is made where there is none. */
const openFlags = constants.O_WRONLY | constants.O_CREAT;

/** The standby's side: keeps a copy of the leader's files, and takes its place when it is gone and the row allows it. */
export class Follow {
  readonly #options: FollowOptions;
  readonly #startedAt: number;
  #state: State = 'away';
  #wire: Wire | undefined;
  #heardAt = 0;
  /** Whether the leader was followed and is gone: its place is to be taken. */
  #bereft = false;
  #working = false;
  #draining = false;
  /** Where the leader's doors are, as far as is known. */
  leader: Doors | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  get state(): State {
    return this.#state;
  }

  /** Called again and again. */
  tick(): void {
    const isSilent = this.#options.now() - this.#heardAt > silenceMs;
    if ((this.#state === 'greeting' || this.#state === 'following') && isSilent) this.#leave();
    if (this.#state === 'away') void this.#work();
  }

  /** The process is about to end: it takes no place any more. */
  drain(): void {
    this.#draining = true;
  }

  /** Resolves when the leader has ended, which may need us until then, or after a while. */
  async finish(): Promise<void> {
    const until = this.#options.now() + finishMs;
    while (this.#state === 'following' && this.#options.now() < until) await pause(endPollMs);
  }

  stop(): void {
    this.#state = 'over';
    this.#wire?.close();
  }

  #isOver(): boolean {
    return this.#state === 'over';
  }

  #leave(): void {
    if (this.#isOver()) return;
    // A leader that takes our line and never answers hangs: a standby that began meanwhile need not have followed it.
    const isPatient = this.#options.now() - this.#startedAt <= patienceMs;
    if (this.#state === 'following' || (this.#state === 'greeting' && !isPatient)) this.#bereft = true;
    this.#state = 'away';
    this.leader = undefined;
    const wire = this.#wire;
    this.#wire = undefined;
    wire?.close();
    void this.#work();
  }

  /** One step towards following, or towards taking the place. */
  async #work(): Promise<void> {
    if (this.#working || this.#draining || this.#state !== 'away') return;
    this.#working = true;
    try {
      await this.#step();
    } catch (error) {
      this.#options.log('warn', 'the standby cannot go on', { error: String(error) });
    } finally {
      this.#working = false;
    }
  }

  async #step(): Promise<void> {
    const { root, fence, self, connect, now, log } = this.#options;
    const row = await fence.read();
    if (!row || this.#isOver()) return;
    if (row.holder === self) {
      // We asked for it, and the answer was lost.
      if (isWhole(root)) this.#promote();
      else log('error', 'PostgreSQL says that this process holds the log, and its directory is not the one that did');
      return;
    }
    const mayTake = row.synced && isWhole(root);
    if (!(mayTake && this.#bereft)) {
      const wire = await connect().catch(() => undefined);
      if (this.#isOver()) return wire?.close();
      if (wire) return this.#greet(wire);
    }
    const isDue = this.#bereft || now() - this.#startedAt > patienceMs;
    this.#bereft = false;
    if (mayTake && isDue) await this.#take(row);
  }

  async #take(row: Row): Promise<void> {
    const { fence, self } = this.#options;
    const taken = await fence.swap(row, { epoch: row.epoch + 1n, holder: self, synced: false });
    if (taken && !this.#isOver()) this.#promote();
  }

  #promote(): void {
    this.#state = 'over';
    this.#options.onPromoted();
  }

  async #greet(wire: Wire): Promise<void> {
    const { root, doors, now } = this.#options;
    this.#wire = wire;
    this.#state = 'greeting';
    this.#heardAt = now();
    wire.listen({
      message: (heard, body) => this.#hear(wire, heard, body),
      close: () => wire === this.#wire && this.#leave(),
    });
    const files: FileFacts[] = [];
    for (const [path, sizeBytes] of filesOf(root)) {
      const sha256 = await hashOf(join(root, path), sizeBytes);
      if (sha256 !== undefined) files.push({ path, sizeBytes, sha256 });
    }
    const hello: Hello = { doors: doors(), files };
    if (wire === this.#wire) wire.send(kind.hello, [Buffer.from(JSON.stringify(hello))]);
  }

  #hear(wire: Wire, heard: number, body: Buffer): void {
    if (wire !== this.#wire || this.#isOver()) return;
    this.#heardAt = this.#options.now();
    try {
      if (heard === kind.beat) wire.send(kind.pong, [body]);
      else if (heard === kind.begin) this.#begin(JSON.parse(body.toString()) as Begin);
      else if (heard === kind.change) this.#change(body);
      else if (heard === kind.copied) this.#copied(wire);
    } catch (error) {
      this.#options.log('error', 'the standby cannot write', { error: String(error) });
      this.#leave();
    }
  }

  /** From here until all is copied this directory counts for nothing. */
  #begin({ doors, kept }: Begin): void {
    const { root } = this.#options;
    this.leader = doors;
    rmSync(wholePath(root), { force: true });
    syncFolder(root);
    const ours = filesOf(root);
    const theirs = new Map(kept);
    for (const [path, size] of ours) {
      const right = theirs.get(path) ?? 0;
      if (right === 0) rmSync(join(root, path), { force: true });
      else if (right < size) truncateSync(join(root, path), right);
    }
  }

  #change(body: Buffer): void {
    const { kind: what, path: name, position, bytes } = readChange(body);
    const path = join(this.#options.root, name);
    if (what === 'remove') return rmSync(path, { recursive: true, force: true });
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (what === 'put') {
      writeFileSync(`${path}.new`, bytes, { mode: 0o600 });
      return renameSync(`${path}.new`, path);
    }
    const fd = openSync(path, openFlags, 0o600);
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written, bytes.length - written, position + written);
    } finally {
      closeSync(fd);
    }
  }

  #copied(wire: Wire): void {
    markWhole(this.#options.root);
    this.#state = 'following';
    wire.send(kind.whole);
    this.#options.log('info', 'the standby follows the leader');
  }
}
