import { readFileSync } from 'node:fs';

/** The release of Gamut that this code is, as package.json says. */
export const release: string = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
  .version;
