import { statfs, statfsSync } from 'node:fs';
import { spaceAgainPercent, spacePollMs, spaceWarningTimes } from './limits.ts';

/** 'short': changes are refused; 'warning': they soon will be. */
export type SpaceLevel = 'plenty' | 'warning' | 'short';

export type SpaceWatch = {
  /** Whether changes may be made; false while less than the reserve is free. */
  mayWrite(): boolean;
  level(): SpaceLevel;
  freeBytes(): number;
  stop(): void;
};

export type SpaceOptions = {
  readonly path: string;
  readonly reserveBytes: number;
  /** Called after every look. */
  readonly onLook?: (freeBytes: number, level: SpaceLevel) => void;
  readonly pollMs?: number;
};

/**
 * The level for so much free space. Changes stop below the reserve and go on a little above it, so that a disk at its
 * edge does not switch to and fro.
 */
export function spaceLevel(freeBytes: number, reserveBytes: number, before: SpaceLevel): SpaceLevel {
  const least = before === 'short' ? (reserveBytes / 100) * spaceAgainPercent : reserveBytes;
  if (freeBytes < least) return 'short';
  return freeBytes < reserveBytes * spaceWarningTimes ? 'warning' : 'plenty';
}

/** Watches the space that an ordinary user may still take on the disk of `path`. Every process has its own watch. */
export function watchSpace(options: SpaceOptions): SpaceWatch {
  const { path, reserveBytes, onLook } = options;
  const first = statfsSync(path);
  let freeBytes = first.bavail * first.bsize;
  let level = spaceLevel(freeBytes, reserveBytes, 'plenty');
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    statfs(path, (error, found) => {
      looking = false;
      // A file system that does not answer is not one to write to.
      freeBytes = error ? 0 : found.bavail * found.bsize;
      level = spaceLevel(freeBytes, reserveBytes, level);
      onLook?.(freeBytes, level);
    });
  }, options.pollMs ?? spacePollMs);
  timer.unref();
  return { mayWrite: () => level !== 'short', level: () => level, freeBytes: () => freeBytes, stop: () => clearInterval(timer) };
}
