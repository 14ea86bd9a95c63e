import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changed, returned } from '#wire/nacha/code.ts';
import type { Batch, Entry, NachaFile } from '#wire/nacha/file.ts';
import { readNacha } from '#wire/nacha/read.ts';
import { writeNacha } from '#wire/nacha/write.ts';
import { type Check, check, type Client } from '../client.ts';
import { command, tryCommand } from '../command.ts';
import { goBuild, goPath } from '../go.ts';
import { same } from '../tool.ts';

const program = fileURLToPath(new URL('./program', import.meta.url));

const debit: Entry = {
  ...{ code: '27', routing: '231380104', account: '12345678', cents: 10_050, identification: 'order 1', name: 'Receiver Account Name' },
  ...{ discretionary: '', trace: '121042880000001', addenda: [] },
};
const note = { type: '05', text: 'for order 2' } as const;
const web: Entry = { ...debit, code: '32', cents: 5050, discretionary: 'S', trace: '121042880000002', addenda: [note] };
const corporate: Entry = {
  ...{ ...debit, code: '22', cents: 12_345_678, name: 'Receiving Co', trace: '121042880000003' },
  addenda: Array.from({ length: 12 }, (_, index) => ({ type: '05', text: `RMR*IV*${index}**10.00\\` }) as const),
};
const back = { trace: '231380100000001', sender: '121042882' };

function fileOf(
  entryClass: Batch['entryClass'],
  serviceClass: Batch['serviceClass'],
  originator: string,
  entries: readonly Entry[],
): NachaFile {
  const batch: Batch = {
    ...{
      serviceClass,
      company: 'A shop',
      discretionary: '',
      companyId: '121042882',
      entryClass,
      description: 'PAYMENT',
      descriptiveDate: '',
    },
    ...{ effectiveDate: '261127', settlementDate: '', originatorStatus: '1', originator, number: 1, entries },
  };
  return {
    ...{ destination: '031300012', origin: '231380104', date: '261126', time: '1530', modifier: 'A' },
    ...{ destinationName: 'Federal Reserve Bank', originName: 'My Bank', reference: '', batches: [batch] },
  };
}

const sender = '12104288';
const receiver = '23138010';
const files: Readonly<Record<string, NachaFile>> = {
  'a debit of PPD': fileOf('PPD', '225', sender, [debit]),
  'credits and debits of CCD': fileOf('CCD', '200', sender, [debit, { ...web, discretionary: '' }]),
  'a credit of WEB with an addendum': fileOf('WEB', '220', sender, [web]),
  'a credit of CTX with twelve addenda': fileOf('CTX', '220', sender, [corporate]),
  'a return': fileOf('PPD', '225', receiver, [returned(debit, 'R01', back)]),
  'a notification of change': fileOf('COR', '225', receiver, [changed(debit, 'C01', '1918171614', back)]),
};

/** Files of moov's own tests and examples, of the classes that we speak. */
const theirs = ['ccd-debit', 'cor-read', 'ctx-debit', 'ppd-credit', 'ppd-debit', 'ppd-mixedDebitCredit', 'web-credit'];

type Given = { readonly name: string; readonly text: string };

async function passedThrough(given: readonly Given[]): Promise<Map<string, string[]>> {
  const input = given.map(({ name, text }) => `${name}\t${Buffer.from(text, 'latin1').toString('hex')}\n`).join('');
  const out = await command([goPath('moov-ach')], { input });
  return new Map(out.split('\n').map((line) => [line.slice(0, line.indexOf('\t')), line.split('\t').slice(1)]));
}

/** moov-io/ach, the reader and writer of ACH files in Go. */
export const client: Client = {
  name: 'moov-ach',
  async setup() {
    if ((await tryCommand(['sh', '-c', 'command -v go'])).code !== 0) return { skip: 'go is not installed' };
    await goBuild(program, 'moov-ach');
    const [, version = ''] = /moov-io\/ach (\S+)/.exec(readFileSync(`${program}/go.mod`, 'utf8')) ?? [];
    return { version };
  },
  async run() {
    const written = Object.entries(files).map(([name, file]) => ({ name, text: writeNacha(file) }));
    const hash = { name: 'hash', text: (written[0]?.text ?? '').replace(/^(8225000001)0023138010/m, '$10023138011') };
    const answers = await passedThrough([...written, hash]);
    const checks: Check[] = [];
    for (const { name, text } of written) {
      const [first = 'nothing', reason = ''] = answers.get(name) ?? [];
      const again = Buffer.from(first, 'hex').toString('latin1');
      checks.push(
        await check(`it reads ${name} and finds nothing wrong`, async () => same(`${first.slice(0, 5)} ${reason}`, '31303 ')),
        await check(`we read what it writes of ${name}`, async () => {
          assert.deepEqual(readNacha(again), files[name]);
          same(again.trimEnd(), text.trimEnd());
        }),
      );
    }
    checks.push(await check('it refuses a wrong hash as we do, so its word counts', () => refusesHash(answers.get('hash'), hash.text)));
    const folder = (await command(['go', 'list', '-m', '-f', '{{.Dir}}', 'github.com/moov-io/ach'], { cwd: program })).trim();
    for (const name of theirs) checks.push(await check(`we read its ${name}.ach and write it alike`, () => readsTheirs(folder, name)));
    return { checks };
  },
};

async function refusesHash(answer: readonly string[] | undefined, text: string): Promise<void> {
  same(answer?.[0], 'ERROR');
  try {
    readNacha(text);
  } catch (error) {
    return same((error as Error).message, 'line 4, entry hash: is 23138011, and the records make 23138010');
  }
  throw new Error('we read a wrong hash');
}

async function readsTheirs(folder: string, name: string): Promise<void> {
  const text = readFileSync(join(folder, 'examples', 'testdata', `${name}.ach`), 'latin1').replaceAll('\r\n', '\n');
  same(writeNacha(readNacha(text)).trimEnd(), text.trimEnd());
}
