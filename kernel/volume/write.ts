import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Replaces a small file so that a crash leaves either the old one or the new one, and the new one stays. */
export function writeDurably(path: string, content: string, mode: number): void {
  writeThenRename(path, content, mode, true);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Replaces a small file in one step for those who read it meanwhile; a crash of the machine may lose it. */
export function writeAtomically(path: string, content: string, mode: number): void {
  writeThenRename(path, content, mode, false);
}

function writeThenRename(path: string, content: string, mode: number, sync: boolean): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', mode);
  try {
    writeSync(file, content);
    if (sync) fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
