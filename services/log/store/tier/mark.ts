import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from '../folder.ts';

/** What is kept on the disk of a segment that lies in the store of blobs, besides its index. */
export type Mark = {
  /** Where its bytes are; the index has the same name with another ending. */
  readonly key: string;
  /** The key that its blocks are sealed under, itself sealed: without this file the blocks say nothing. */
  readonly sealed: string;
  readonly sizeBytes: number;
  readonly nextOffset: number;
  readonly maxTimestamp: number;
  readonly createdAt: number;
};

/** Beside a segment's `.log`, or in its place. */
export const markEnding = '.remote';
export const indexKeyOf = ({ key }: Mark): string => key.replace(/\.log$/, '.index');

/** Writes the mark; when this returns it survives a loss of power, and the segment's own file may go. */
export function writeMark(path: string, mark: Mark): void {
  const fd = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeSync(fd, JSON.stringify(mark));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.new`, path);
  syncFolder(dirname(path));
}

/** The mark, or undefined where there is none. */
export function readMark(path: string): Mark | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Mark;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
