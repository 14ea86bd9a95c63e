import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { Disk } from '../disk.ts';
import { blockBytes } from '../limits.ts';
import type { Segment } from '../segment.ts';

/** What a file is called until all of it is back. */
export const recalledEnding = '.recalled';

/** Brings a segment's bytes back from the store of blobs. */
export async function fetchBack(disk: Disk, segment: Segment): Promise<void> {
  const path = segment.path.replace('.log', recalledEnding);
  const fd = openSync(path, 'w', 0o600);
  try {
    for (let position = 0; position < segment.sizeBytes; ) {
      const bytes = await segment.read(position, blockBytes);
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
      position += bytes.length;
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  disk.replace(path, segment.path);
  segment.isLocal = true;
}
