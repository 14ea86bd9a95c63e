import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const gamut = join(import.meta.dirname, '..', 'gamut');
const execute = promisify(execFile);

/** Runs the public command on a data directory, and resolves with what it printed as JSON. */
export async function command(data: string, ...words: string[]): Promise<string> {
  return (await execute(gamut, [...words, '--data', data, '-o', 'json'], { maxBuffer: 16 * 2 ** 20 })).stdout;
}

/** Starts a platform with these services, separated by commas; seconds from the command's start until it printed that all is ready. */
export async function up(data: string, only: string): Promise<number> {
  const began = performance.now();
  const { admin } = JSON.parse(await command(data, 'up', '--detach', '--ports', 'auto', '--only', only)) as { admin?: { bearer?: string } };
  if (!admin?.bearer) throw new Error('up printed no administrator');
  return (performance.now() - began) / 1000;
}

/** Gives a new data directory, and ends the platform on it afterwards. */
export async function withData<T>(work: (data: string) => Promise<T>): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), 'gamut-bench-'));
  try {
    return await work(data);
  } finally {
    await command(data, 'down').catch(() => '');
    rmSync(data, { recursive: true, force: true });
  }
}
