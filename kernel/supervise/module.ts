import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `.ts` in the repository, `.js` in the package that `gamut pack` makes. */
export const moduleEnding: string = extname(fileURLToPath(import.meta.url));

/**
 * What every process of ours is started with, as the `gamut` script does. The second flag is for its end: a process that exits while
 * another thread compiles and waits for a collection waits for that thread for ever (V8 14; one in thirty exits of a busy process).
 */
export const nodeFlags: readonly string[] = ['--disable-warning=ExperimentalWarning', '--no-concurrent-sparkplug'];

/** Where the repository or the package stands. */
export const installation: string = fileURLToPath(new URL('../../', import.meta.url));

/** The absolute path of one of our modules, named from the top without its ending. */
export const modulePath = (name: string): string => join(installation, `${name}${moduleEnding}`);
