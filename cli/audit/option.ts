import { parseArgs, type ParseArgsConfig } from 'node:util';
import { fault } from '#kernel/contract/fault.ts';

type Options = {
  readonly words: string[];
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly flags: ReadonlySet<string>;
};

/** Takes a command line apart into at most `most` words, options with a value, and flags. */
export function readOptions(argv: string[], most: number, valued: readonly string[], flagged: readonly string[] = []): Options {
  const options = Object.fromEntries([
    ...valued.map((name) => [name, { type: 'string' }]),
    ...flagged.map((name) => [name, { type: 'boolean' }]),
  ]) as ParseArgsConfig['options'];
  try {
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
    if (positionals.length > most) throw fault('Usage', `${JSON.stringify(positionals[most])} is one word too many.`);
    const texts = Object.entries(values).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
    return {
      words: positionals,
      values: Object.fromEntries(texts),
      flags: new Set(Object.keys(values).filter((name) => flagged.includes(name))),
    };
  } catch (error) {
    if ((error as { code?: string }).code === 'Usage') throw error;
    throw fault('Usage', (error as Error).message);
  }
}

/** A count given as an option. */
export function countOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw fault('Usage', `${name} is a number, not ${JSON.stringify(text)}.`);
  return Number(text);
}
