import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where the data of this platform is: what the operator named, else GAMUT_DATA, else the place usual for this user. */
export function dataPath(named?: string, environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = named || environment.GAMUT_DATA;
  if (chosen) return resolve(chosen);
  if (process.getuid?.() === 0) return '/var/lib/gamut';
  const xdg = environment.XDG_DATA_HOME;
  return join(xdg?.startsWith('/') ? xdg : join(homedir(), '.local', 'share'), 'gamut');
}
