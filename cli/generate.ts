import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { fault, faultTable } from '#kernel/contract/fault.ts';
import { contractJson, errorsPage, limitsPage, type NamedLimit, servicePage } from '#kernel/derive/docs.ts';
import { platform } from '#kernel/control/service.ts';
import { installation } from '#kernel/supervise/module.ts';
import { allContracts } from './verb/contract.ts';

/** The files that are written from contracts, faults and limits: their text by their place below the repository. */
export async function generatedFiles(): Promise<Map<string, string>> {
  const contracts = await allContracts();
  const files = new Map([
    ['docs/ERRORS.md', errorsPage(await allFaults(), contracts)],
    ['docs/LIMITS.md', limitsPage(await allLimits())],
  ]);
  for (const contract of contracts) {
    files.set(`docs/services/${contract.name}.md`, servicePage(contract));
    files.set(
      contract.name === platform.name ? 'kernel/control/contract.json' : `services/${contract.name}/contract.json`,
      contractJson(contract),
    );
  }
  return files;
}

/** Generated files that are missing or differ from what their source says now. */
export async function staleFiles(): Promise<string[]> {
  const stale: string[] = [];
  for (const [file, text] of await generatedFiles()) {
    const place = join(installation, file);
    if (!existsSync(place) || readFileSync(place, 'utf8') !== text) stale.push(file);
  }
  return stale;
}

/** `gamut generate [--check]`: writes the generated files, or says which are stale and exits with 1. */
export async function run(argv: string[]): Promise<number> {
  const { check } = parse(argv);
  const stale = await staleFiles();
  if (check) {
    for (const file of stale) console.error(`${file} differs from its source; \`gamut generate\` writes it.`);
    return stale.length > 0 ? 1 : 0;
  }
  const files = await generatedFiles();
  for (const file of stale) {
    const place = join(installation, file);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, files.get(file) ?? '');
    console.log(file);
  }
  return 0;
}

function parse(args: string[]): { check: boolean } {
  try {
    return { check: parseArgs({ args, options: { check: { type: 'boolean' } } }).values.check ?? false };
  } catch (cause) {
    throw fault('Usage', (cause as Error).message);
  }
}

/** The whole table of faults: the kernel's rows and those that its parts and the command line add when they are loaded. */
async function allFaults(): Promise<ReturnType<typeof faultTable>> {
  const places = [
    'kernel/contract/fault.ts',
    ...tops.flatMap((top) => globSync(`${top}/**/fault.ts`, { cwd: installation })).sort(),
    'cli/global.ts',
  ];
  for (const place of places) await import(pathToFileURL(join(installation, place)).href);
  return faultTable();
}

const tops = ['wire', 'engine', 'seams', 'kernel', 'services'];

/** Every limit of every package. The number is the module's own; unit and sentence stand beside it in the text. */
export async function allLimits(): Promise<NamedLimit[]> {
  const places = tops.flatMap((top) => globSync(`${top}/**/limits.ts`, { cwd: installation })).sort();
  const found = await Promise.all(places.map(limitsOf));
  return found.flat();
}

/** `export const name = limit(value, 'unit', 'Sentence.')`, or a plain constant under a comment of one sentence. */
const declared = /export const (\w+)(?:: number)? = limit\(\s*([^]*?),\s*'([^']*)',\s*(?:'((?:[^'\\]|\\.)*)'|"([^"]*)")[,\s]*\)/g;
const plain = /\/\*\* ([^]*?)\s*\*\/\s*export const (\w+)(?:: number)? = (?!limit\()/g;

async function limitsOf(place: string): Promise<NamedLimit[]> {
  const text = readFileSync(join(installation, place), 'utf8');
  const values = (await import(pathToFileURL(join(installation, place)).href)) as Record<string, unknown>;
  const area = dirname(place).replace(/\/contract$/, (end) => (place.startsWith('services/') ? '' : end));
  const named = (name: string, unit: string, sentence: string): NamedLimit[] => {
    const value = values[name];
    return typeof value === 'number' ? [{ area, name, value, unit, text: sentence }] : [];
  };
  return [
    ...[...text.matchAll(declared)].flatMap(([, name = '', , unit = '', single, double]) =>
      named(name, unit, (single ?? double ?? '').replaceAll("\\'", "'")),
    ),
    ...[...text.matchAll(plain)].flatMap(([, sentence = '', name = '']) =>
      named(name, unitOf(name), sentence.replace(/\s*\n\s*\*\s*/g, ' ')),
    ),
  ];
}

/** Where a package may not use `limit`, names end in their unit. */
function unitOf(name: string): string {
  const [, ending = ''] = /(Ms|Bytes|Seconds|Days|Kib)(?:Max|Min|Limit)?$/.exec(name) ?? /(Bytes|Ms)/.exec(name) ?? [];
  return { Ms: 'ms', Bytes: 'byte', Seconds: 's', Days: 'day', Kib: 'KiB' }[ending] ?? 'count';
}
