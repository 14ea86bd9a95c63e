import { type NodeAddress, printNodeAddress } from './address.ts';
import type { NodeRequest } from '#wire/storage-node/request.ts';
import { NodeError, nodeAway } from './failure.ts';
import { againMaxMs, againMinMs, lookMs, readyMs } from './limits.ts';
import { Link } from './link.ts';

export type ConnectorOptions = {
  readonly address: NodeAddress;
  readonly key: Buffer;
  /** The paths of its drives. */
  readonly drives: readonly string[];
  /** Which of several processes of storage this is: each has a connection of its own. */
  readonly worker: number;
  readonly onAway: (reason: string) => void;
  readonly onThere: () => void;
};

/** Keeps a connection to a node, and makes another when it is over. */
export class Connector {
  readonly #options: ConnectorOptions;
  #link: Link | undefined;
  #isThere = false;
  #life = 0;
  #waitMs = againMinMs;
  #again: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout;
  #lookedAt = performance.now();
  #isClosed = false;
  /** Why it is away, while it is. */
  reason: string | undefined = 'not connected yet';
  readonly #first: Promise<void>;
  #begun!: () => void;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    this.#first = new Promise((resolve) => {
      this.#begun = resolve;
    });
    this.#timer = setInterval(() => this.#look(), lookMs);
    this.#timer.unref();
    this.#connect();
  }

  get address(): string {
    return printNodeAddress(this.#options.address);
  }

  get isThere(): boolean {
    return this.#isThere;
  }

  /** Which connection this is: files that were opened on another are open no more. */
  get life(): number {
    return this.#life;
  }

  /** Resolves when it is there, or has had its time. */
  async ready(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, readyMs);
    });
    await Promise.race([this.#first, over]);
    clearTimeout(timer);
  }

  call(drive: number, request: NodeRequest): Promise<Buffer> {
    if (this.#link && this.#isThere) return this.#link.call(drive, request);
    return Promise.reject(new NodeError(nodeAway, `The node at ${this.address} is away: ${this.reason ?? 'it is closed'}.`));
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    this.#link?.end('it is not needed any more');
  }

  #connect(): void {
    const { address, key, drives, worker } = this.#options;
    const link = new Link({ address, key, drives, worker, onEnd: (reason) => this.#ended(reason) });
    this.#link = link;
    link.begun.then(
      () => {
        if (this.#link !== link || this.#isClosed) return;
        this.#isThere = true;
        this.#life++;
        this.#waitMs = againMinMs;
        this.reason = undefined;
        this.#begun();
        this.#options.onThere();
      },
      // Its end was told.
      () => undefined,
    );
  }

  #ended(reason: string): void {
    const was = this.#isThere;
    this.#link = undefined;
    this.#isThere = false;
    this.reason = reason;
    if (this.#isClosed) return;
    if (was) this.#options.onAway(reason);
    this.#again = setTimeout(() => this.#connect(), this.#waitMs);
    this.#again.unref();
    this.#waitMs = Math.min(2 * this.#waitMs, againMaxMs);
  }

  #look(): void {
    const now = performance.now();
    // A process that had no turn itself cannot say that others were silent.
    if (now - this.#lookedAt > 2 * lookMs) this.#link?.forgive();
    this.#lookedAt = now;
    if (this.#isThere) this.#link?.look();
  }
}
