import type { Room } from '#wire/storage-node/answer.ts';
import type { OpenFlags } from '#wire/storage-node/request.ts';

export type { OpenFlags, Room };

/**
 * What a drive is made of: a directory of this machine, or one that a node holds. Paths are below it; errors are the system's,
 * with their codes.
 */
export type Disk = {
  /** Where it is, for people. */
  readonly name: string;
  /** Opens a file; one that is made has its directories made, and their names synced. */
  open(path: string, flags: OpenFlags): Promise<DiskFile>;
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; one that is not there is no error. */
  remove(path: string): Promise<void>;
  list(path: string): Promise<string[]>;
  /** The identity written on it, with `both` in both of its copies; undefined when it has none. */
  readIdentity(both: boolean): Promise<string | undefined>;
  writeIdentity(number: number, id: string): Promise<void>;
  /** The room of its file system; undefined when it cannot be looked at. */
  room(): Promise<Room | undefined>;
  /** Another one may be in its place from now on. */
  forget(): void;
};

export type DiskFile = {
  /** Fills `into` from `position` on as far as the file goes; resolves with the number of bytes. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all parts from `position` on. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>;
  datasync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
};
