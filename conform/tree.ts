import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';

/** Parts of this installation that are stored as a real tree: some hundred files of many sizes, nested. */
const parts = ['kernel', 'services/storage', 'wire', 'cli'];

/** Names that a file system takes and that addresses, XML or signatures stumble over. */
export const oddNames: readonly string[] = [
  'empty',
  'with space',
  ' leading and trailing ',
  'plus+and&ampersand',
  'percent%20%2F',
  'ünïcödé/日本語/キー.txt',
  'emoji-😀',
  'e\u0301-decomposed',
  'quote\'"`',
  '<xml>&amp;',
  'question?mark#hash',
  'semi;colon:comma,',
  'a=b',
  'brace{}[bracket]|~^',
  'star!()@$',
  '.hidden/..twice',
  `long-${'x'.repeat(190)}`,
];

/** Puts a real tree with odd names into a new folder. */
export function plantTree(folder: string): void {
  for (const part of parts) cpSync(join(installation, part), join(folder, part), { recursive: true });
  for (const [index, name] of oddNames.entries()) {
    const path = join(folder, 'odd', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, name === 'empty' ? '' : `${index} ${name}\n`.repeat(index));
  }
}

/** The files below a folder, by path, with the SHA-256 of their bytes. */
export function hashesOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(folder, path), fileHash(path)] as const;
    }),
  );
}

export const fileHash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Fails unless both folders hold the same files with the same bytes, and resolves with how many. */
export function sameTrees(got: string, wanted: string): number {
  const [left, right] = [hashesOf(got), hashesOf(wanted)];
  const lost = [...right].filter(([path, hash]) => left.get(path) !== hash).map(([path]) => path);
  const strange = [...left.keys()].filter((path) => !right.has(path));
  if (lost.length > 0 || strange.length > 0)
    throw new Error(`lost or changed: ${JSON.stringify(lost.slice(0, 5))}; strange: ${JSON.stringify(strange.slice(0, 5))}`);
  return right.size;
}

/** Writes bytes that no two seeds share and that do not compress; the same seed gives the same bytes. */
export function plantBytes(path: string, sizeBytes: number, seed: string): void {
  const blocks = Math.ceil(sizeBytes / 32);
  const bytes = Buffer.allocUnsafe(blocks * 32);
  for (let at = 0; at < blocks; at += 1)
    createHash('sha256')
      .update(`${seed} ${at}`)
      .digest()
      .copy(bytes, at * 32);
  writeFileSync(path, bytes.subarray(0, sizeBytes));
}
