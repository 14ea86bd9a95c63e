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

/** The file of a copy, below its drive. */
export function extentPath(id: number): string {
  return `extent/${id.toString(16).padStart(12, '0')}`;
}

export function packExtent(extent: Extent): Buffer {
  return pack(extent);
}

export function unpackExtent(bytes: Uint8Array): Extent {
  return unpack<Extent>(bytes);
}
