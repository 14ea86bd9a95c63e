import { parseArgs, type ParseArgsConfig } from 'node:util';
import { platform } from '#kernel/control/service.ts';
import { type Client, createClient } from '../../sdk/index.ts';
import type { Global } from '../global.ts';
import { usage } from './parse.ts';
import { tenantId } from './place.ts';
import { lines, printOutput } from './print.ts';
import type { Target } from './target.ts';

/** A short command of the platform: its options, and what it does with them. */
export type Short = {
  readonly text: string;
  readonly usage: string;
  /** Words without option that must be there. */
  readonly words: readonly string[];
  readonly options: readonly string[];
  run(context: ShortContext): Promise<void>;
};

type ShortContext = {
  readonly client: Client<typeof platform>;
  readonly target: Target;
  readonly word: string;
  readonly options: Readonly<Record<string, string>>;
  readonly global: Global;
  /** The organization named, as the environment to act in. */
  readonly there: { readonly environment?: string };
};

type Envelope = { uid: string; name: string };

/** Names that are free for people become the title; the platform makes the name for addresses from it. */
function named(word: string): { name: string } | { title: string } {
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(word) ? { name: word } : { title: word };
}

function printMade({ uid, name }: Envelope, { output }: Global): void {
  console.log(output === 'json' ? JSON.stringify({ id: uid, name }) : `${name}  ${uid}`);
}

async function createCredential({ client, target, options, global, there }: ShortContext): Promise<void> {
  const { project, environment, role, as, title } = options;
  const faces = await client.CreateCredential(
    {
      ...(project === undefined ? {} : { project }),
      ...(environment === undefined ? {} : { environment }),
      ...(role === undefined ? {} : { role }),
      ...(as === undefined ? {} : { principal: as }),
      ...(title === undefined ? {} : { title }),
    },
    there,
  );
  const endpoint = target.door('storage.s3');
  const whole = { ...faces, s3: { ...faces.s3, ...(endpoint === undefined ? {} : { endpoint }) } };
  console.log(global.output === 'json' ? JSON.stringify(whole) : [...lines(whole), '', 'The secrets are shown this once.'].join('\n'));
}

const list =
  (operation: 'ListOrganizations' | 'ListProjects' | 'ListCredentials') =>
  async ({ client, global, there }: ShortContext): Promise<void> => {
    const items: unknown[] = [];
    let output: { items: unknown[]; next?: string; version: string };
    let after: string | undefined;
    do {
      output = (await client[operation](after === undefined ? { limit: 1000 } : { limit: 1000, after }, there)) as typeof output;
      items.push(...output.items);
      after = output.next;
    } while (after !== undefined);
    const kind = platform.operations[operation].on;
    printOutput(platform, { kind } as Parameters<typeof printOutput>[1], { items, version: output.version }, global);
  };

/** The short commands, by their two words. */
export const shorts: Readonly<Record<string, Readonly<Record<string, Short>>>> = {
  tenant: {
    create: {
      text: 'Make an organization.',
      usage: 'gamut tenant create NAME',
      words: ['NAME'],
      options: [],
      run: async ({ client, word, global }) => printMade(await client.CreateOrganization(named(word)), global),
    },
    list: {
      text: 'List the organizations you may see.',
      usage: 'gamut tenant list',
      words: [],
      options: [],
      run: list('ListOrganizations'),
    },
  },
  project: {
    create: {
      text: 'Make a project with a live and a test environment.',
      usage: 'gamut project create NAME [--tenant T]',
      words: ['NAME'],
      options: ['tenant'],
      run: async ({ client, word, there, global }) => printMade(await client.CreateProject(named(word), there), global),
    },
    list: { text: 'List projects.', usage: 'gamut project list [--tenant T]', words: [], options: ['tenant'], run: list('ListProjects') },
  },
  credential: {
    create: {
      text: 'Make a credential and show it in all its faces, once.',
      usage:
        'gamut credential create [--tenant T] [--project P] [--environment live|test|NAME]\n' +
        '                        [--role owner|admin|editor|reader|auditor] [--as PRINCIPAL] [--title TEXT]',
      words: [],
      options: ['tenant', 'project', 'environment', 'role', 'as', 'title'],
      run: createCredential,
    },
    list: {
      text: 'List credentials, without their secrets.',
      usage: 'gamut credential list [--tenant T]',
      words: [],
      options: ['tenant'],
      run: list('ListCredentials'),
    },
    revoke: {
      text: 'End a credential and every connection that uses it.',
      usage: 'gamut credential revoke ID [--tenant T]',
      words: ['ID'],
      options: ['tenant'],
      run: async ({ client, word, there, global }) => {
        await client.RevokeCredential(word, {}, there);
        console.log(global.output === 'json' ? JSON.stringify({ id: word, revoked: true }) : `Revoked ${word}.`);
      },
    },
  },
};

export function shortHelp(noun: string): string {
  return Object.values(shorts[noun] ?? {})
    .flatMap((short) => [short.usage, `  ${short.text}`])
    .join('\n');
}

export type ReadShort = { readonly short: Short; readonly word: string; readonly options: Readonly<Record<string, string>> };

/** Reads the command line of a short command; undefined when its second word is not one. */
export function readShort(noun: string, argv: readonly string[]): ReadShort | undefined {
  const [verb = '', ...rest] = argv;
  const own = shorts[noun] ?? {};
  const short = Object.hasOwn(own, verb) ? own[verb] : undefined;
  if (!short) return undefined;
  const { values, positionals } = parse(rest, short.options);
  if (positionals.length < short.words.length) throw usage(`${short.words[positionals.length]} is missing: ${short.usage}`);
  if (positionals.length > short.words.length)
    throw usage(`${JSON.stringify(positionals[short.words.length])} is one word too many: ${short.usage}`);
  if (positionals[0] === '') throw usage(`${short.words[0]} is empty: ${short.usage}`);
  return { short, word: positionals[0] ?? '', options: values };
}

function parse(args: string[], names: readonly string[]): { values: Record<string, string>; positionals: string[] } {
  const options: ParseArgsConfig['options'] = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    return { values: values as Record<string, string>, positionals };
  } catch (cause) {
    throw usage((cause as Error).message);
  }
}

/** Runs a short command. */
export async function runShort(target: Target, { short, word, options }: ReadShort, global: Global): Promise<number> {
  const client = createClient(platform, target.reach(platform.name));
  const there = options.tenant === undefined ? {} : { environment: await tenantId(client, options.tenant) };
  await short.run({ client, target, word, options, global, there });
  return 0;
}
