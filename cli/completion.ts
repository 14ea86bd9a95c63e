import { fault } from '#kernel/contract/fault.ts';
import { commands } from './command.ts';
import { noArguments } from './argument.ts';
import { allContracts } from './verb/contract.ts';
import { flagsOf } from './verb/flag.ts';
import { commonFlags } from './verb/parse.ts';
import { shorts } from './verb/short.ts';
import { verbsOf } from './verb/verb.ts';

/** One word that may come, what may come after it, and the options it takes. */
export type Completed = {
  readonly name: string;
  readonly text: string;
  readonly verbs: readonly Completed[];
  readonly flags: readonly string[];
};

const global = ['data', 'output'];

/** Everything that can be written after `gamut`: commands, short commands, services with their verbs. */
export async function completedWords(): Promise<Completed[]> {
  const own = Object.entries(commands).map(
    ([name, { text, usage }]): Completed => ({
      name,
      text,
      verbs: [],
      flags: [...new Set(usage.match(/--[a-z-]+/g) ?? [])].map((flag) => flag.slice(2)).concat(global),
    }),
  );
  const short = Object.entries(shorts).map(
    ([name, verbs]): Completed => ({
      name,
      text: `${name}s of the platform.`,
      flags: global,
      verbs: Object.entries(verbs).map(([verb, { text, options }]) => ({ name: verb, text, verbs: [], flags: [...options, ...global] })),
    }),
  );
  const services = (await allContracts()).map(
    (contract): Completed => ({
      name: contract.name,
      text: contract.text,
      flags: global,
      verbs: verbsOf(contract).map(({ name, route }) => ({
        name,
        text: route.definition.text,
        verbs: [],
        flags: [...new Set([...flagsOf(route).map(({ names }) => names[0] ?? ''), ...Object.keys(commonFlags), ...global])],
      })),
    }),
  );
  return [...own, ...short, ...services, { name: 'help', text: 'Show how to use a command.', verbs: [], flags: [] }];
}

const scripts: Readonly<Record<string, (words: readonly Completed[]) => string>> = { bash, zsh, fish };

/** `gamut completion bash|zsh|fish`: prints a script that completes commands, services, verbs and options. */
export async function run(argv: string[]): Promise<number> {
  const [shell = '', ...rest] = argv;
  noArguments(rest);
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (!script) throw fault('Usage', 'Say for which shell: gamut completion bash, zsh or fish.');
  process.stdout.write(script(await completedWords()));
  return 0;
}

const options = (flags: readonly string[]) => flags.map((flag) => `--${flag}`).join(' ');

/** The cases that bash and zsh share: options by command, and by command and verb. */
function cases(words: readonly Completed[], indent: string): string[] {
  return words.flatMap((word) => [
    ...word.verbs.map((verb) => `${indent}'${word.name} ${verb.name}') found='${options(verb.flags)}' ;;`),
    ...(word.flags.length > 0 ? [`${indent}'${word.name} '*) found='${options(word.flags)}' ;;`] : []),
  ]);
}

function verbCases(words: readonly Completed[], indent: string): string[] {
  return words
    .filter(({ verbs }) => verbs.length > 0)
    .map(({ name, verbs }) => `${indent}${name}) found='${verbs.map((verb) => verb.name).join(' ')}' ;;`);
}

function bash(words: readonly Completed[]): string {
  return [
    '# Load it with: source <(gamut completion bash)',
    '_gamut() {',
    '  local current=${COMP_WORDS[COMP_CWORD]} found=',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    found='${words.map(({ name }) => name).join(' ')}'`,
    '  elif [ "$COMP_CWORD" -eq 2 ] && [ "${current#-}" = "$current" ]; then',
    '    case ${COMP_WORDS[1]} in',
    ...verbCases(words, '      '),
    '    esac',
    '  elif [ "${current#-}" != "$current" ]; then',
    '    case "${COMP_WORDS[1]} ${COMP_WORDS[2]}" in',
    ...cases(words, '      '),
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$found" -- "$current"))',
    '}',
    'complete -o default -F _gamut gamut',
    '',
  ].join('\n');
}

function zsh(words: readonly Completed[]): string {
  return [
    '#compdef gamut',
    '# Load it with: source <(gamut completion zsh)',
    '_gamut() {',
    '  local current=$words[CURRENT] found=',
    '  if (( CURRENT == 2 )); then',
    `    found='${words.map(({ name }) => name).join(' ')}'`,
    '  elif (( CURRENT == 3 )) && [[ $current != -* ]]; then',
    '    case $words[2] in',
    ...verbCases(words, '      '),
    '    esac',
    '  elif [[ $current == -* ]]; then',
    '    case "$words[2] $words[3]" in',
    ...cases(words, '      '),
    '    esac',
    '  fi',
    '  if [[ -n $found ]]; then compadd -- ${=found}; else _files; fi',
    '}',
    'if [[ $funcstack[1] == _gamut ]]; then _gamut "$@"; else compdef _gamut gamut; fi',
    '',
  ].join('\n');
}

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fish(words: readonly Completed[]): string {
  const lines = ['# Load it with: gamut completion fish | source'];
  for (const { name, text, verbs, flags } of words) {
    lines.push(`complete -c gamut -f -n __fish_use_subcommand -a ${name} -d ${quoted(text)}`);
    const seen = `__fish_seen_subcommand_from ${name}`;
    const none = verbs.length > 0 ? `${seen}; and not __fish_seen_subcommand_from ${verbs.map((verb) => verb.name).join(' ')}` : seen;
    for (const verb of verbs) {
      lines.push(`complete -c gamut -f -n ${quoted(none)} -a ${verb.name} -d ${quoted(verb.text)}`);
      for (const flag of verb.flags)
        lines.push(`complete -c gamut -n ${quoted(`${seen}; and __fish_seen_subcommand_from ${verb.name}`)} -l ${flag} -r`);
    }
    for (const flag of flags) lines.push(`complete -c gamut -n ${quoted(none)} -l ${flag} -r`);
  }
  return [...lines, ''].join('\n');
}
