import { packIdentity, packNames, packNumber, packRoom } from '#wire/storage-node/answer.ts';
import { NodeError, notServed } from '#engine/storage-node/failure.ts';
import type { Desk, DriveRequest } from '#engine/storage-node/session.ts';
import type { Disk, DiskFile } from './disk.ts';
import { nodeFilesMax } from './limits.ts';

const nothing: readonly Uint8Array[] = [];

/** Does what one connection asks of the drives that it named; a drive that this node was not given is undefined. */
export class NodeDesk implements Desk {
  readonly #disks: readonly (Disk | undefined)[];
  readonly #files = new Map<number, DiskFile>();
  #opening = 0;
  #next = 1;

  constructor(disks: readonly (Disk | undefined)[]) {
    this.#disks = disks;
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.allSettled(files.map((file) => file.close()));
  }

  async answer(drive: number, request: DriveRequest): Promise<readonly Uint8Array[]> {
    if ('file' in request) return this.#onFile(request);
    const disk = this.#disks[drive];
    if (!disk) throw new NodeError(notServed, 'This node was not given such a drive.');
    switch (request.is) {
      case 'open':
        return packNumber.open(await this.#open(disk, request));
      case 'syncDirectory':
        await disk.syncDirectory(request.path);
        return nothing;
      case 'remove':
        await disk.remove(request.path);
        return nothing;
      case 'rename':
        await disk.rename(request.from, request.to);
        return nothing;
      case 'list':
        return packNames(await disk.list(request.path)) ?? refuse('EMSGSIZE', 'The directory has too many names.');
      case 'readIdentity':
        return packIdentity(await disk.readIdentity(request.both));
      case 'writeIdentity':
        await disk.writeIdentity(request.number, request.id);
        return nothing;
      case 'room':
        return packRoom((await disk.room()) ?? refuse('ENODEV', 'The room of the drive cannot be looked at.'));
    }
  }

  async #open(disk: Disk, { path, flags }: Extract<DriveRequest, { is: 'open' }>): Promise<number> {
    if (this.#files.size + this.#opening >= nodeFilesMax) refuse('EMFILE', 'The connection has too many files open.');
    this.#opening++;
    try {
      const file = await disk.open(path, flags);
      const number = this.#next++;
      this.#files.set(number, file);
      return number;
    } finally {
      this.#opening--;
    }
  }

  async #onFile(request: Extract<DriveRequest, { file: number }>): Promise<readonly Uint8Array[]> {
    const file = this.#files.get(request.file) ?? refuse('EBADF', 'There is no such file open.');
    switch (request.is) {
      case 'read': {
        const bytes = Buffer.allocUnsafeSlow(request.length);
        return [bytes.subarray(0, await file.read(bytes, request.position))];
      }
      case 'write':
        await file.write([request.bytes], request.position);
        return nothing;
      case 'datasync':
        await file.datasync();
        return nothing;
      case 'truncate':
        await file.truncate(request.size);
        return nothing;
      case 'size':
        return packNumber.size(await file.size());
      case 'close':
        this.#files.delete(request.file);
        await file.close();
        return nothing;
    }
  }
}

function refuse(code: string, sentence: string): never {
  throw new NodeError(code, sentence);
}
