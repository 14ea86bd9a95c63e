import { fault, registerFaults } from '#kernel/contract/fault.ts';

registerFaults({ Usage: { status: 400, retry: false, text: 'The command line is not understood.' } });

/** Options that every command takes. */
export type Global = {
  /** The data directory as it was named; GAMUT_DATA and the usual place otherwise. */
  readonly data?: string;
  readonly output: 'text' | 'json';
};

/** Takes the options of every command out of a command line, wherever they stand before `--`. Errors are told as `asked`. */
export function takeGlobal(argv: readonly string[]): { global: Global; rest: string[]; asked: Global['output'] } {
  const rest: string[] = [];
  const found = new Map<string, string>();
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '--') {
      rest.push(...argv.slice(at));
      break;
    }
    const [, name = '', , joined] = /^(--data|--output|-o)(=(.*))?$/s.exec(word) ?? [];
    if (name === '') {
      rest.push(word);
      continue;
    }
    const value = joined ?? argv[(at += 1)];
    if (value === undefined || value === '') throw fault('Usage', `${name} needs a value.`);
    found.set(name === '-o' ? '--output' : name, value);
  }
  const asked = found.get('--output') ?? 'text';
  if (asked !== 'text' && asked !== 'json') throw fault('Usage', `-o is text or json, not ${asked}.`);
  const output = !found.has('--output') && !process.stdout.isTTY && isForScripts(rest) ? 'json' : asked;
  return { global: { data: found.get('--data'), output }, rest, asked };
}

/**
 * Whether a command line is one that scripts read the answer of: into a pipe or a file it prints the document that is its
 * public interface, to a person at a terminal what is good to read. `-o` decides for both.
 */
function isForScripts([first = '', second = '', ...more]: readonly string[]): boolean {
  if (first === 'up') return [second, ...more].includes('--detach');
  return first === 'status' || (['tenant', 'project', 'credential'].includes(first) && second === 'create');
}
