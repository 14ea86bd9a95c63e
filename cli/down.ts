import { endPlatform } from '#kernel/supervise/client.ts';
import { dataPath } from '#kernel/volume/path.ts';
import { noArguments } from './argument.ts';
import type { Global } from './global.ts';

/** `gamut down`: ends the platform of the data directory. */
export async function run(argv: string[], global: Global): Promise<number> {
  noArguments(argv);
  const data = dataPath(global.data);
  const stopped = await endPlatform(data);
  if (global.output === 'json') console.log(JSON.stringify({ stopped }));
  else console.log(stopped ? 'The platform has ended.' : `Nothing runs on ${data}.`);
  return 0;
}
