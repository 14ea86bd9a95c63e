import { join } from 'node:path';
import { type BundleEntry, decodeBundle } from '#wire/tlog/bundle.ts';
import { hashSize, leafHash } from '#wire/tlog/hash.ts';
import { type Checkpoint, type Note, parseCheckpoint, parseNote, verifyNote } from '#wire/tlog/note.ts';
import { nodeIn, type TileName, tilePath, tileWidth } from '#wire/tlog/tile.ts';
import { Frontier } from './frontier.ts';
import { type AuditKeys, verifiersOf } from './public-key.ts';
import { readLogFile } from './tile-file.ts';

/** Something that does not hold. `position` counts entries from 0; `file` and `byte` say where to look. */
export type Finding = {
  readonly log: string;
  readonly text: string;
  readonly position?: number;
  readonly file?: string;
  readonly byte?: number;
};
export type Find = (finding: Omit<Finding, 'log'>) => void;

const tileHeight = Math.log2(tileWidth);
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** The checkpoint of a log, if its signatures are good. */
export const verifyCheckpoint = (folder: string, keys: AuditKeys, find: Find): Checkpoint | undefined =>
  verifyNoteOf(folder, keys, find)?.checkpoint;

/** The same with the note it stands in. */
export function verifyNoteOf(folder: string, keys: AuditKeys, find: Find): { note: Note; checkpoint: Checkpoint } | undefined {
  const file = 'checkpoint';
  const bytes = readLogFile(folder, { kind: 'checkpoint' });
  const bad = (text: string) => void find({ text, file });
  if (!bytes) return bad('there is no checkpoint');
  const note = parseNote(bytes.toString());
  const checkpoint = note && parseCheckpoint(note.text);
  if (!checkpoint) return bad('the checkpoint is no signed note of a checkpoint');
  const [plain, quantum] = verifiersOf(keys, checkpoint.origin);
  if (!plain || !verifyNote(note, plain)) return bad('the Ed25519 signature under the checkpoint is not good');
  if (quantum && !verifyNote(note, quantum)) return bad('the ML-DSA-44 signature under the checkpoint is not good');
  return { note, checkpoint };
}

/** What a verification does with the entries it reads. `at` is the position; `isGood` says that the hash is as the tree has it. */
export type Seen = (at: number, entry: Uint8Array, isGood: boolean) => void;

type Tile = { readonly stored: Uint8Array; readonly path: string; readonly width: number };

/** Reads every file of a log of that checkpoint and tells each that does not fit; answers whether all did. */
export function verifyTree(folder: string, checkpoint: Checkpoint, find: Find, seen: Seen, grown: (tree: Frontier) => void) {
  const { size, root } = checkpoint;
  const byEntry = new Frontier();
  const byTile = new Frontier();
  const doubts: Doubt[] = [];
  for (let index = 0; index * tileWidth < size; index += 1) {
    const width = Math.min(tileWidth, size - index * tileWidth);
    const tile = readTile(folder, 0, index, width, find);
    const bundle = readBundle(folder, index, width);
    const before = doubts.length;
    for (let place = 0; place < width; place += 1) {
      const entry = bundle.entries[place];
      const stored = tile.stored.subarray(place * hashSize, (place + 1) * hashSize);
      const hash = entry ? leafHash(entry.bytes) : stored;
      const isGood = entry !== undefined && equal(hash, stored);
      if (!isGood && entry) doubts.push({ position: index * tileWidth + place, entry, bundle: bundle.path, tile: tile.path, place, hash });
      byEntry.push(hash);
      byTile.push(stored.length === hashSize ? stored : hash);
      if (entry) seen(index * tileWidth + place, entry.bytes, isGood);
      grown(byEntry);
    }
    // Where an entry is not the one hashed, all behind it may be cut wrongly: the first place says it.
    if (bundle.short && doubts.length === before) find(bundle.short);
  }
  const entriesHold = equal(byEntry.root(), root);
  const tilesHold = equal(byTile.root(), root);
  judge(doubts, { folder, size, entriesHold, tilesHold }, find);
  if (!entriesHold && !tilesHold && doubts.length === 0)
    find({ text: `the ${size} entries do not give the root that was signed`, file: 'checkpoint' });
  verifyParents(folder, size, find);
}

type Doubt = {
  readonly position: number;
  readonly entry: BundleEntry;
  readonly bundle: string;
  readonly tile: string;
  readonly place: number;
  readonly hash: Uint8Array;
};
type Judged = { readonly folder: string; readonly size: number; readonly entriesHold: boolean; readonly tilesHold: boolean };

/** Where an entry and its hash differ, the root or the tile above tells which of them was changed. */
function judge(doubts: readonly Doubt[], judged: Judged, find: Find): void {
  const byBundle = Map.groupBy(doubts, ({ position }) => Math.floor(position / tileWidth));
  for (const [index, found] of byBundle) {
    const [first] = found as [Doubt, ...Doubt[]];
    const more = found.length > 1 ? `, and ${found.length - 1} after it in the same file` : '';
    const blame = judged.entriesHold ? 'tile' : judged.tilesHold || tileStands(judged, index) ? 'entry' : 'either';
    const { position, entry, bundle, tile, place } = first;
    const ofEntry = { position, file: bundle, byte: entry.at };
    const ofTile = { position, file: tile, byte: place * hashSize };
    if (blame === 'tile') find({ ...ofTile, text: `the hash of entry ${position} was changed${more}` });
    else if (blame === 'entry') find({ ...ofEntry, text: `entry ${position} was changed${more}` });
    else find({ ...ofEntry, text: `entry ${position} and its hash differ${more}` });
  }
}

/** Whether the stored hashes of a full tile are those that the tile above has. */
function tileStands({ folder, size }: Judged, index: number): boolean {
  const hashes = Math.floor(size / tileWidth);
  if (index >= hashes) return false;
  const tile = readLogFile(folder, { kind: 'hashes', level: 0, index, width: tileWidth });
  const above = Math.floor(index / tileWidth);
  const width = Math.min(tileWidth, hashes - above * tileWidth);
  const parent = readLogFile(folder, { kind: 'hashes', level: 1, index: above, width });
  if (tile?.length !== tileWidth * hashSize || !parent) return false;
  return equal(nodeIn(tile, 0, tileHeight), nodeIn(parent, index % tileWidth, 0));
}

/** Each hash above the lowest level is that of the full tile below it. */
function verifyParents(folder: string, size: number, find: Find): void {
  for (let level = 1, count = Math.floor(size / tileWidth); count > 0; level += 1, count = Math.floor(count / tileWidth)) {
    for (let index = 0; index * tileWidth < count; index += 1) {
      const width = Math.min(tileWidth, count - index * tileWidth);
      const { stored, path } = readTile(folder, level, index, width, find);
      for (let place = 0; place < width && stored.length === width * hashSize; place += 1) {
        const below = readLogFile(folder, { kind: 'hashes', level: level - 1, index: index * tileWidth + place, width: tileWidth });
        if (below?.length !== tileWidth * hashSize || equal(nodeIn(below, 0, tileHeight), nodeIn(stored, place, 0))) continue;
        const name = tilePath({ kind: 'hashes', level: level - 1, index: index * tileWidth + place, width: tileWidth });
        find({ text: `hash ${place} of ${path} is not that of ${name}`, file: path, byte: place * hashSize });
      }
    }
  }
}

function readTile(folder: string, level: number, index: number, width: number, find: Find): Tile {
  const name: TileName = { kind: 'hashes', level, index, width };
  const path = tilePath(name);
  const stored = readLogFile(folder, name) ?? Buffer.alloc(0);
  if (stored.length !== width * hashSize)
    find({ text: `${path} has ${stored.length} bytes, not ${width * hashSize}`, file: path, byte: stored.length });
  return { stored, path, width };
}

type Bundle = { readonly entries: readonly BundleEntry[]; readonly path: string; readonly short?: Omit<Finding, 'log'> };

function readBundle(folder: string, index: number, width: number): Bundle {
  const name: TileName = { kind: 'entries', index, width };
  const path = tilePath(name);
  const bytes = readLogFile(folder, name);
  const first = index * tileWidth;
  if (!bytes) return { entries: [], path, short: { text: `${path} is missing`, file: path, position: first } };
  const { entries, rest } = decodeBundle(bytes);
  // The reader may have been given a wider bundle than it asked for.
  if (entries.length > width || (entries.length === width && rest === 0)) return { entries: entries.slice(0, width), path };
  const text = `${path} does not hold ${width} entries`;
  const short = { text, file: path, position: first + entries.length, byte: bytes.length - rest };
  return { entries: entries.slice(0, width), path, short };
}

export const folderOf = (directory: string, log: string): string => join(directory, log);
