import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Test = { after(run: () => unknown): void; skip(reason: string): void };

/** A new directory that disappears with the test. */
export function newFolder(t: Test, before: () => unknown = () => undefined): string {
  const path = mkdtempSync(join(tmpdir(), 'gamut-volume-'));
  t.after(async () => {
    await before();
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

/** A small file system in memory, or undefined, with the reason printed, where mounting is not permitted. */
export function smallDisk(t: Test, megabytes: number, before: () => unknown = () => undefined): string | undefined {
  let mounted = false;
  const path = newFolder(t, async () => {
    await before();
    if (mounted) execFileSync('umount', [path]);
  });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    t.skip(`a file system of ${megabytes} MiB cannot be mounted here: ${(error as Error).message}`);
    return undefined;
  }
  mounted = true;
  return path;
}

export function remountReadOnly(path: string): void {
  execFileSync('mount', ['-o', 'remount,ro', path]);
}
