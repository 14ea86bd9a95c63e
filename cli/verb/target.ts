import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { runningPlatform } from '#kernel/supervise/client.ts';
import { dataPath } from '#kernel/volume/path.ts';
import type { ClientOptions } from '../../sdk/index.ts';
import type { Global } from '../global.ts';

/** The platform that a verb speaks to. */
export type Target = {
  /** How to reach a service, which may have a door of its own. */
  reach(service: string): ClientOptions;
  /** The address of a door by its name, such as `storage.s3`. */
  door(name: string): string | undefined;
  /** The file with the certificate of the platform's own authority, when it runs on this machine. */
  readonly ca?: string;
};

/** The platform that GAMUT_URL and GAMUT_TOKEN name, else the one that runs on the data directory; undefined when none does. */
export async function findTarget(global: Global, environment: NodeJS.ProcessEnv = process.env): Promise<Target | undefined> {
  const { GAMUT_URL: url, GAMUT_TOKEN: token } = environment;
  if (url) return { reach: () => ({ url, ...(token ? { bearer: token } : {}) }), door: () => undefined };
  const running = await runningPlatform(dataPath(global.data));
  const admin = running?.facts['admin.url'];
  if (!running || admin === undefined) return undefined;
  const { doors, facts } = running;
  if (facts.ca) trust(facts.ca);
  const bearer = token || facts['admin.bearer'];
  return {
    reach: (service) => ({ url: doors[`${service}.rest`]?.url ?? admin, ...(bearer ? { bearer } : {}) }),
    door: (name) => doors[name]?.url,
    ...(facts.ca ? { ca: facts.ca } : {}),
  };
}

/** Takes certificates of the platform's own authority besides the usual ones. */
function trust(file: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(file, 'utf8')]);
}
