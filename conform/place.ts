import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import { type CommandOptions, command, tryCommand } from './command.ts';
import { startMs } from './limits.ts';

/** What `gamut up -o json` prints. */
type Ready = {
  readonly console: string;
  readonly doors: Readonly<Record<string, { readonly url: string }>>;
  readonly ca: string;
  readonly admin: { readonly url: string; readonly bearer: string };
};

/** What `gamut credential create -o json` prints. */
export type Credential = {
  readonly id: string;
  readonly bearer: string;
  readonly basic: { readonly username: string; readonly password: string };
  readonly sasl: { readonly username: string; readonly password: string };
  readonly postgres: { readonly url: string };
  readonly ledger: { readonly cluster: string };
  readonly stripe: { readonly secretKey: string; readonly publishableKey: string };
  readonly s3: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly region: string; readonly endpoint: string };
};

/** A running platform, reached as anybody would: by its command and its doors. */
export type Place = Ready & {
  readonly data: string;
  /** An empty folder for the client's own files. */
  readonly folder: string;
  /** The command line that reaches this platform; words follow. */
  readonly commandLine: readonly string[];
  gamut(...argv: string[]): Promise<string>;
  credential(...options: string[]): Promise<Credential>;
  down(): Promise<void>;
};

export const gamutCommand: string = join(installation, 'gamut');

/** Starts a platform on `<folder>/data`, by the command `gamut` and as the user of `as`, and resolves once it is ready. */
export async function openPlace(
  folder: string,
  {
    gamut = gamutCommand,
    up = [],
    as = {},
  }: { gamut?: string; up?: readonly string[]; as?: Pick<CommandOptions, 'uid' | 'gid' | 'env'> } = {},
): Promise<Place> {
  const data = join(folder, 'data');
  const scratch = join(folder, 'work');
  mkdirSync(scratch, { recursive: true });
  const commandLine = [gamut, '--data', data, '-o', 'json'];
  const started = await command([...commandLine, 'up', '--ports', 'auto', '--detach', '--reserve', '64M', ...up], {
    ...as,
    timeoutMs: startMs,
  });
  const call = (...argv: string[]) => command([...commandLine, ...argv], as);
  return {
    ...(JSON.parse(started) as Ready),
    data,
    folder: scratch,
    commandLine,
    gamut: call,
    credential: async (...options) => JSON.parse(await call('credential', 'create', ...options)) as Credential,
    down: async () => void (await tryCommand([...commandLine, 'down'], as)),
  };
}

/** The same place with a folder of its own for one client. */
export function placeFor(place: Place, name: string): Place {
  const folder = join(place.folder, name);
  mkdirSync(folder, { recursive: true });
  return { ...place, folder };
}
