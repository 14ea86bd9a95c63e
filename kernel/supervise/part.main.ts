import { pathToFileURL } from 'node:url';
import { fault } from './fault.ts';
import { childMain } from './child.ts';
import type { Part } from './protocol.ts';

/** Runs the part that the module named on the command line exports: `node part.main.ts <module>`. */
childMain(() => loadPart(process.argv[2] ?? ''));

/** Imports a module and returns the part that it exports. */
async function loadPart(module: string): Promise<Part> {
  const loaded = (await import(pathToFileURL(module).href)) as { part?: Part };
  if (typeof loaded.part?.start !== 'function') throw fault('StartFailed', `${module} exports no part.`);
  return loaded.part;
}
