import { hashSize, nodeHash } from './hash.ts';

/** C2SP tlog-tiles: a full tile holds the 256 hashes of one level, or the 256 entries below such a tile of level 0. */
export const tileWidth = 256;

/** Which file of a log: a tile of hashes, a bundle of entries, or the checkpoint. `width` is that of a partial one. */
export type TileName =
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'hashes'; readonly level: number; readonly index: number; readonly width: number }
  | { readonly kind: 'entries'; readonly index: number; readonly width: number };

/** `1234067` as `x001/x234/067`. */
function indexPath(index: number): string {
  let text = `${index % 1000}`.padStart(3, '0');
  for (let left = Math.floor(index / 1000); left > 0; left = Math.floor(left / 1000))
    text = `x${`${left % 1000}`.padStart(3, '0')}/${text}`;
  return text;
}

/** The path of a file below the log's prefix. */
export function tilePath(name: TileName): string {
  if (name.kind === 'checkpoint') return 'checkpoint';
  const kind = name.kind === 'hashes' ? name.level : 'entries';
  return `tile/${kind}/${indexPath(name.index)}${name.width < tileWidth ? `.p/${name.width}` : ''}`;
}

const form = /^tile\/(entries|[0-9]|[1-5][0-9]|6[0-3])\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** Reads such a path; undefined for anything that is not exactly what `tilePath` writes. */
export function parseTilePath(path: string): TileName | undefined {
  if (path === 'checkpoint') return { kind: 'checkpoint' };
  const [, kind = '', digits = '', partial] = form.exec(path) ?? [];
  const width = partial === undefined ? tileWidth : Number(partial);
  const index = Number(digits.replaceAll(/[x/]/g, ''));
  if (kind === '' || (partial !== undefined && width >= tileWidth)) return undefined;
  const name: TileName = kind === 'entries' ? { kind, index, width } : { kind: 'hashes', level: Number(kind), index, width };
  return tilePath(name) === path ? name : undefined;
}

/** The hash of the `2^height` hashes that begin at `from` in a tile's bytes. */
export function nodeIn(tile: Uint8Array, from: number, height: number): Uint8Array {
  if (height === 0) return tile.subarray(from * hashSize, (from + 1) * hashSize);
  const half = 2 ** (height - 1);
  return nodeHash(nodeIn(tile, from, height - 1), nodeIn(tile, from + half, height - 1));
}
