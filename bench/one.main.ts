import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

/** Runs one benchmark and sends its result to who started this process. */
const name = process.argv[2] ?? '';
const { run } = (await import(pathToFileURL(join(import.meta.dirname, name, 'run.ts')).href)) as { run: () => Promise<object> };
const result = await run();
process.send?.(result, () => process.disconnect?.());
