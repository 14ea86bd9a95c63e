import type { NodeAddress } from '#engine/storage-node/address.ts';
import { NodeHost } from '#engine/storage-node/host.ts';
import { LocalDisk } from './local-disk.ts';
import { NodeDesk } from './node-desk.ts';
import { readKeyFile } from './topology.ts';

export type StorageNodeOptions = {
  /** Where it listens; at port 0, at one that is free. */
  readonly listen: NodeAddress;
  /** The file of the key that it shares with storage. */
  readonly key: string;
  /** The directories that it serves, by their whole paths. */
  readonly drives: readonly string[];
  /** Told why somebody was refused. */
  readonly onRefused: (why: string) => void;
};

/** Serves directories to storage until it is closed; resolves when it listens. */
export async function openStorageNode({ listen, key, drives, onRefused }: StorageNodeOptions): Promise<{
  readonly address: string;
  close(): Promise<void>;
}> {
  const disks = new Map(drives.map((path) => [path, new LocalDisk(path, false)]));
  const secret = await readKeyFile(key);
  const receive = (asked: readonly string[]) => new NodeDesk(asked.map((path) => disks.get(path)));
  const { host, address } = await NodeHost.open({ address: listen, key: secret, receive, onRefused });
  return { address, close: () => host.close() };
}
