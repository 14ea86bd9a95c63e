import type { Spread } from './coded.ts';
import { pack, unpack } from './record.ts';

/** An extent: objects one behind the other, in copies on a few drives until it is full, and then sealed into 12+4. */
export type Extent = {
  readonly id: number;
  readonly secret: number;
  /** The drives of its copies. */
  readonly drives: readonly number[];
  state: 'open' | 'full' | 'sealed';
  size: number;
  /** Bytes of records that nothing points at any more, as far as is known. */
  dead: number;
  /** Where its shards are, once it is sealed. */
  coded?: { readonly id: string; spread: Spread };
};

/** Extents of a partition are numbered from behind this number on, so that no two partitions have one of the same number. */
export const extentsBefore = (partition: number): number => partition * 2 ** 40;

/** Where the copies of a partition's extents lie, below their drives. */
export const extentFolder = (partition: number): string => (partition === 0 ? 'extent' : `extent-${partition}`);

/** The file of a copy, below its drive. */
export function extentPath(id: number): string {
  const partition = Math.floor(id / extentsBefore(1));
  return `${extentFolder(partition)}/${(id - extentsBefore(partition)).toString(16).padStart(12, '0')}`;
}

export function packExtent(extent: Extent): Buffer {
  return pack(extent);
}

export function unpackExtent(bytes: Uint8Array): Extent {
  return unpack<Extent>(bytes);
}
