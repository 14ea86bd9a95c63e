import { readIdentity, readNames, readNumber, readRoom } from '#wire/storage-node/answer.ts';
import { pieceMaxBytes } from '#wire/storage-node/limits.ts';
import type { NodeRequest } from '#wire/storage-node/request.ts';
import type { Connector } from '#engine/storage-node/connector.ts';
import { NodeError } from '#engine/storage-node/failure.ts';
import type { Disk, DiskFile, OpenFlags, Room } from './disk.ts';
import { systemCode } from './system.ts';

/** A directory that a node holds. */
export class NodeDisk implements Disk {
  readonly name: string;
  readonly #node: () => Connector;
  readonly #place: number;

  /** `place` is that of the drive in the list that the node is asked for. */
  constructor(name: string, node: () => Connector, place: number) {
    this.name = name;
    this.#node = node;
    this.#place = place;
  }

  get life(): number {
    return this.#node().life;
  }

  ask(request: NodeRequest): Promise<Buffer> {
    return this.#node().call(this.#place, request);
  }

  async open(path: string, flags: OpenFlags): Promise<DiskFile> {
    const { life } = this;
    return new NodeFile(this, await this.openNumber(path, flags), { path, flags, life });
  }

  async openNumber(path: string, flags: OpenFlags): Promise<number> {
    return readNumber('open', await this.ask({ is: 'open', flags, path }));
  }

  async syncDirectory(path: string): Promise<void> {
    await this.ask({ is: 'syncDirectory', path });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.ask({ is: 'rename', from, to });
  }

  async remove(path: string): Promise<void> {
    await this.ask({ is: 'remove', path });
  }

  async list(path: string): Promise<string[]> {
    return readNames(await this.ask({ is: 'list', path }));
  }

  async readIdentity(both: boolean): Promise<string | undefined> {
    return readIdentity(await this.ask({ is: 'readIdentity', both }));
  }

  async writeIdentity(number: number, id: string): Promise<void> {
    await this.ask({ is: 'writeIdentity', number, id });
  }

  async room(): Promise<Room | undefined> {
    try {
      return readRoom(await this.ask({ is: 'room' }));
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return undefined;
    }
  }

  /** The node keeps nothing of a drive that is not so any more when another one is in its place. */
  forget(): void {}
}

type Opened = { readonly path: string; readonly flags: OpenFlags; readonly life: number };

/** A file that a node keeps open. Long reads and writes go in pieces, many of them at once. */
class NodeFile implements DiskFile {
  readonly #disk: NodeDisk;
  readonly #path: string;
  readonly #flags: OpenFlags;
  #number: Promise<number>;
  #life: number;
  #closed = false;

  constructor(disk: NodeDisk, number: number, { path, flags, life }: Opened) {
    this.#disk = disk;
    this.#number = Promise.resolve(number);
    this.#path = path;
    this.#flags = flags;
    this.#life = life;
  }

  /**
   * Its number on the connection there is now. What was opened for reading is opened again; what was written to may lack what
   * was on the way, and is of no use.
   */
  #now(): Promise<number> {
    const { life } = this.#disk;
    if (life === this.#life) return this.#number;
    if (this.#flags !== 'r' || this.#closed) return Promise.reject(new NodeError('EBADF', 'The connection on which it was open is over.'));
    this.#life = life;
    this.#number = this.#disk.openNumber(this.#path, 'r');
    return this.#number;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const file = await this.#now();
    const pieces: Promise<number>[] = [];
    for (let at = 0; at < into.length; at += pieceMaxBytes)
      pieces.push(this.#readPiece(file, into.subarray(at, at + pieceMaxBytes), position + at));
    let have = 0;
    for (const [at, got] of (await allOf(pieces)).entries()) {
      have += got;
      if (got < Math.min(pieceMaxBytes, into.length - at * pieceMaxBytes)) break;
    }
    return have;
  }

  async #readPiece(file: number, into: Uint8Array, position: number): Promise<number> {
    const bytes = await this.#disk.ask({ is: 'read', file, position, length: into.length });
    if (bytes.length > into.length) throw new NodeError('EBADMSG', 'More came than was asked for.');
    into.set(bytes);
    return bytes.length;
  }

  async write(parts: readonly Uint8Array[], position: number): Promise<void> {
    const file = await this.#now();
    const pieces: Promise<unknown>[] = [];
    let at = position;
    for (const bytes of piecesOf(parts)) {
      pieces.push(this.#disk.ask({ is: 'write', file, position: at, bytes }));
      at += bytes.length;
    }
    await allOf(pieces);
  }

  async datasync(): Promise<void> {
    await this.#disk.ask({ is: 'datasync', file: await this.#now() });
  }

  async truncate(size: number): Promise<void> {
    await this.#disk.ask({ is: 'truncate', file: await this.#now(), size });
  }

  async size(): Promise<number> {
    return readNumber('size', await this.#disk.ask({ is: 'size', file: await this.#now() }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // With its connection the node has closed it.
    if (this.#disk.life === this.#life) await this.#disk.ask({ is: 'close', file: await this.#number });
  }
}

/** The same bytes in pieces that a frame takes; small parts are joined, large ones cut. */
function* piecesOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  let bytes = 0;
  for (const part of parts) {
    if (bytes > 0 && bytes + part.length > pieceMaxBytes) {
      yield joined(small);
      small = [];
      bytes = 0;
    }
    if (part.length <= pieceMaxBytes) {
      small.push(part);
      bytes += part.length;
    } else for (let at = 0; at < part.length; at += pieceMaxBytes) yield part.subarray(at, at + pieceMaxBytes);
  }
  if (bytes > 0) yield joined(small);
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => (parts.length === 1 ? parts[0]! : Buffer.concat(parts));

/** Waits for all of them, also when one has failed: until then they read or write the memory that was lent. */
async function allOf<T>(pieces: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(pieces);
  return Promise.all(pieces);
}
