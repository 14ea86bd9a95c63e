import { Connector } from '#engine/storage-node/connector.ts';
import { printNodeAddress } from '#engine/storage-node/address.ts';
import { NodeError, nodeAway } from '#engine/storage-node/failure.ts';
import type { Drive, DriveSpec, NodePlace } from './drive.ts';
import { NodeDisk } from './node-disk.ts';

type Told = {
  readonly now: () => number;
  /** Which of several processes of storage connects. */
  readonly worker: number;
  readonly onAway: (node: StorageNode) => void;
  readonly onThere: (node: StorageNode) => void;
};

/** A process that holds some of the drives, perhaps on another machine. While it is away its drives are out. */
export class StorageNode {
  readonly name: string;
  readonly drives: Drive[] = [];
  readonly #place: NodePlace;
  readonly #paths: string[] = [];
  readonly #told: Told;
  #connector: Connector | undefined;
  /** Since when it is there, or away. */
  since: number;

  constructor({ node }: DriveSpec, place: NodePlace, told: Told) {
    this.name = node;
    this.#place = place;
    this.#told = told;
    this.since = told.now();
  }

  get address(): string {
    return printNodeAddress(this.#place.address);
  }

  get isThere(): boolean {
    return this.#connector?.isThere ?? false;
  }

  /** Why it is away. */
  get reason(): string | undefined {
    return this.#connector?.reason;
  }

  /** The directory of a drive that it holds; all are to be named before it is connected to. */
  disk({ path }: DriveSpec): NodeDisk {
    return new NodeDisk(`${path} at ${this.address}`, () => this.#live(), this.#paths.push(path) - 1);
  }

  /** Connects, and keeps connected; resolves when it is there, or has had its time. */
  async connect(): Promise<void> {
    this.#connector = new Connector({
      address: this.#place.address,
      key: this.#place.key,
      drives: this.#paths,
      worker: this.#told.worker,
      onAway: (reason) => {
        this.since = this.#told.now();
        // The first error that is told takes the drives out, and nobody waits for it to be met.
        for (const drive of this.drives) drive.judge(new NodeError(nodeAway, reason));
        this.#told.onAway(this);
      },
      onThere: () => {
        this.since = this.#told.now();
        this.#told.onThere(this);
      },
    });
    await this.#connector.ready();
  }

  close(): void {
    this.#connector?.close();
  }

  #live(): Connector {
    if (!this.#connector) throw new NodeError(nodeAway, 'It is not connected to yet.');
    return this.#connector;
  }
}
