import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { kernelBinary } from '#services/storage/engine/build.ts';
import { buildConsole } from '../console/build.ts';
import { installation } from '#kernel/supervise/module.ts';
import type { Global } from './global.ts';

const roots = ['wire', 'engine', 'seams', 'kernel', 'services', 'sdk', 'cli'];
/** What the package does not need: tests, pages (they are built), and the commands of the repository. */
const left = /(^|\/)(test|console)\/|^cli\/(test|pack|skip|generate)\.ts$|(^|\/)bench\.ts$/;

/** `gamut pack`: makes dist/gamut-<version>.tgz, JavaScript with the console inside, and prints its path. */
export async function run(_argv: readonly string[], global: Global): Promise<number> {
  const tree = join(installation, 'dist', 'package');
  rmSync(join(installation, 'dist'), { recursive: true, force: true });
  for (const root of roots) if (existsSync(join(installation, root))) packFolder(root, tree);
  for (const form of ['relaxed', 'strict'] as const)
    writeFileSync(join(tree, 'services', 'storage', 'engine', `kernel.${form}.wasm`), await kernelBinary(form));
  cpSync(await buildConsole(), join(tree, 'console', 'dist'), { recursive: true });
  for (const file of ['README.md', 'LICENSE', 'gamut'])
    if (existsSync(join(installation, file))) cpSync(join(installation, file), join(tree, file));
  chmodSync(join(tree, 'gamut'), 0o755);
  writeFileSync(join(tree, 'package.json'), manifest());
  const packed =
    execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', join(installation, 'dist')], {
      cwd: tree,
      encoding: 'utf8',
    })
      .trim()
      .split('\n')
      .at(-1) ?? '';
  const path = join(installation, 'dist', packed);
  console.log(global.output === 'json' ? JSON.stringify({ path }) : path);
  return 0;
}

function packFolder(root: string, tree: string): void {
  for (const name of readdirSync(join(installation, root), { recursive: true, encoding: 'utf8' })) {
    const path = `${root}/${name}`;
    if (left.test(path)) continue;
    const source = join(installation, path);
    if (/\.(sql|json|wasm|css|html)$/.test(path)) copy(source, join(tree, path));
    if (!path.endsWith('.ts') || path.endsWith('.d.ts')) continue;
    const target = join(tree, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, toJavaScript(readFileSync(source, 'utf8')));
  }
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}

/** Types are blanked out in place, and what is imported has the other ending. */
function toJavaScript(text: string): string {
  return stripTypeScriptTypes(text, { mode: 'strip' }).replace(/(['"])((?:\.{1,2}\/|#)[^'"\n]*)\.ts\1/g, '$1$2.js$1');
}

function manifest(): string {
  const { name, version, description, license, type, engines, bin, imports, dependencies } = JSON.parse(
    readFileSync(join(installation, 'package.json'), 'utf8'),
  ) as Record<string, unknown>;
  return `${JSON.stringify({ name, version, description, license, type, engines, bin, imports, dependencies }, undefined, 2)}\n`;
}
