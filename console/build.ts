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
    // A platform that runs serves the old pages until the very moment of the exchange.
    rmSync(dist, { recursive: true, force: true });
    exchange(next, wanted);
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
  return dist;
}

const isBuilt = (wanted: string): boolean => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;

/** Two processes may have built at once; the pages of the one that came first are as good. */
function exchange(next: string, wanted: string): void {
  try {
    renameSync(next, dist);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '') || !isBuilt(wanted)) throw error;
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
