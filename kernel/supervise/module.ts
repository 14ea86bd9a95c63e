import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `.ts` in the repository, `.js` in the package that `gamut pack` makes. */
export const moduleEnding: string = extname(fileURLToPath(import.meta.url));

/** Where the repository or the package stands. */
export const installation: string = fileURLToPath(new URL('../../', import.meta.url));

/** The absolute path of one of our modules, named from the top without its ending. */
export const modulePath = (name: string): string => join(installation, `${name}${moduleEnding}`);
