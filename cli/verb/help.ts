import type { AnyService } from '#kernel/contract/contract.ts';
import { flagsOf, valueWord } from './flag.ts';
import { commonFlags, takesOwnName } from './parse.ts';
import { type Verb, verbsOf } from './verb.ts';

/** The verbs of a service, for `gamut help SERVICE`. */
export function serviceHelp(contract: AnyService): string {
  const rows = verbsOf(contract).map(({ name, alias, route }) => [
    `  ${name}`,
    alias === undefined ? '' : `(${alias})`,
    route.definition.text,
  ]);
  return [`${contract.title}: ${contract.text}`, '', ...aligned(rows), '', `gamut help ${contract.name} VERB says more.`].join('\n');
}

/** How to use one verb. */
export function verbHelp(contract: AnyService, { name, alias, route }: Verb): string {
  const named = route.at === 'item' ? ' NAME' : takesOwnName(route) ? ' [NAME]' : '';
  const flags = flagsOf(route).map(({ names, schema, required }) => {
    const notes = [
      schema.description,
      required ? 'Required.' : '',
      schema.default === undefined ? '' : `${JSON.stringify(schema.default)} if not said.`,
    ];
    return [`  --${names[0]} ${valueWord(schema)}`.trimEnd(), notes.filter(Boolean).join(' ')];
  });
  const own = new Set(flagsOf(route).flatMap((flag) => flag.names));
  const common = Object.entries(commonFlags)
    .filter(([flag]) => !own.has(flag) && fits(route.body, route.definition.repeat, flag))
    .map(([flag, text]) => [`  --${flag} ${commonWord(flag)}`, text]);
  return [
    route.definition.text,
    '',
    `gamut ${contract.name} ${name}${named} [OPTION ...]${alias === undefined ? '' : `      short: gamut ${contract.name} ${alias}`}`,
    ...(flags.length > 0 ? ['', ...aligned(flags)] : []),
    '',
    ...aligned(common),
  ].join('\n');
}

function fits(body: string, repeat: string, flag: string): boolean {
  if (flag === 'body') return body === 'in' || body === 'both';
  if (flag === 'save') return body === 'out' || body === 'both';
  return flag !== 'idempotency-key' || repeat === 'keyed';
}

function commonWord(flag: string): string {
  return flag === 'input' || flag === 'body' || flag === 'save' ? 'FILE' : 'TEXT';
}

/** Rows with their columns aligned; the last column flows free. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.slice(0, -1).forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  return rows.map((row) =>
    row
      .map((cell, at) => (at < row.length - 1 ? cell.padEnd(widths[at] ?? 0) : cell))
      .join('  ')
      .trimEnd(),
  );
}
