import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fault } from '#kernel/contract/fault.ts';

const root = dirname(fileURLToPath(import.meta.url));
const repository = resolve(root, '..');
const dist = join(root, 'dist');
const stamp = join(dist, 'source.txt');

/** What a page is made of. Tests, the built pages and the server's own folders are not among it. */
const sources = [
  'console/*.{ts,tsx,html}',
  'console/{api,chart,form,format,operation,page,part,proof,shell,style,view,public}/**',
  'services/*/console/**',
  'kernel/contract/*.ts',
  'kernel/derive/*.ts',
  'package-lock.json',
];

/**
 * Builds the console when its sources changed since the last build, and answers the folder to serve. A folder that was
 * packed holds the built pages without their sources, and is answered as it is.
 */
export async function buildConsole(): Promise<string> {
  if (!existsSync(join(root, 'main.tsx'))) {
    if (existsSync(join(dist, 'index.html'))) return dist;
    throw fault('NotFound', `${dist} holds no built console, and its sources are not here.`);
  }
  const wanted = hashOfSources();
  if (isBuilt(wanted)) return dist;
  const next = join(repository, '.cache', `console-${process.pid}`);
  try {
    await bundle(next);
    writeFileSync(join(next, 'source.txt'), wanted);
    exchange(next, wanted);
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
  return dist;
}

const isBuilt = (wanted: string): boolean => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;

/**
 * Puts the new pages in the place of the old ones, which a platform that runs serves until that very moment. Both moves are
 * whole, since two processes may have built at once; the pages of the one that came first are as good.
 */
function exchange(next: string, wanted: string): void {
  const old = `${next}-old`;
  try {
    moved(dist, old, ['ENOENT']);
    if (!moved(next, dist, ['ENOTEMPTY', 'EEXIST']) && !isBuilt(wanted)) throw fault('Conflict', `${dist} changes under our hands.`);
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

/** Moves a folder; false where that fails for one of these reasons. */
function moved(from: string, to: string, reasons: readonly string[]): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (reasons.includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

async function bundle(outDir: string): Promise<void> {
  const { build } = await import('vite');
  await build({ configFile: join(root, 'vite.config.ts'), root, logLevel: 'error', build: { outDir, emptyOutDir: true } });
}

function hashOfSources(): string {
  const hash = createHash('sha256');
  for (const path of globSync(sources, { cwd: repository }).sort()) {
    const text = readIfFile(join(repository, path));
    if (text) hash.update(`${path}\0${text.length}\0`).update(text);
  }
  return hash.digest('hex');
}

function readIfFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') return undefined;
    throw error;
  }
}
