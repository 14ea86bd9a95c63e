import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fault } from '#kernel/contract/fault.ts';
import { installation } from '#kernel/supervise/module.ts';

/** With relaxed SIMD, or with what every engine of WebAssembly has. */
export type Form = 'relaxed' | 'strict';

const here = fileURLToPath(new URL('.', import.meta.url));
const source = join(here, 'kernel.as');

const options = ['--runtime', 'stub', '--importMemory', '-O3', '--noAssert', '--uncheckedBehavior', 'always', '--enable', 'simd'];

/**
 * The kernels as WebAssembly. They are compiled when their source changed since the last time and kept in .cache; a package
 * holds them beside this file, without the source.
 */
export async function kernelBinary(form: Form): Promise<Uint8Array> {
  const packed = join(here, `kernel.${form}.wasm`);
  if (!existsSync(source)) {
    if (existsSync(packed)) return readFileSync(packed);
    throw fault('NotFound', `${packed} is missing, and its source is not here.`);
  }
  const text = readFileSync(source, 'utf8');
  const cache = join(installation, '.cache', 'wasm');
  const made = join(
    cache,
    `storage-${form}-${createHash('sha256').update(text).update(options.join(' ')).digest('hex').slice(0, 16)}.wasm`,
  );
  if (existsSync(made)) return readFileSync(made);
  const binary = await compile(text, form);
  // Others may build at the same moment; each puts a whole file in place. Where nothing can be written it is built each time.
  try {
    mkdirSync(cache, { recursive: true });
    writeFileSync(`${made}.${process.pid}`, binary);
    renameSync(`${made}.${process.pid}`, made);
  } catch (error) {
    if (!['EACCES', 'EROFS', 'ENOSPC'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  return binary;
}

async function compile(text: string, form: Form): Promise<Uint8Array> {
  const { main } = await import('assemblyscript/asc');
  let binary: Uint8Array | undefined;
  const relaxed = form === 'relaxed' ? ['--enable', 'relaxed-simd'] : [];
  const { error, stderr } = await main(['kernel.ts', '--outFile', 'kernel.wasm', ...options, ...relaxed], {
    readFile: (name) => (name === 'kernel.ts' ? text : null),
    writeFile: (name, contents) => {
      if (name === 'kernel.wasm') binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || !binary)
    throw fault('Internal', { detail: `The storage kernels could not be compiled: ${stderr.toString()}`, cause: error });
  return binary;
}
