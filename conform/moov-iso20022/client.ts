import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readIso20022, writeIso20022 } from '#wire/iso20022/document.ts';
import { iso20022Messages } from '#wire/iso20022/test/fixture/message.ts';
import { type Check, check, type Client } from '../client.ts';
import { command, tryCommand } from '../command.ts';
import { debianPackage } from '../debian.ts';
import { goBuild, goPath } from '../go.ts';
import { same } from '../tool.ts';

const program = fileURLToPath(new URL('./program', import.meta.url));

/** moov-io/iso20022 in Go, and the schemas that it carries, by which xmllint validates what we write. */
export const client: Client = {
  name: 'moov-iso20022',
  async setup() {
    if ((await tryCommand(['sh', '-c', 'command -v go'])).code !== 0) return { skip: 'go is not installed' };
    const xmllint = await debianPackage('libxml2-utils');
    if ('skip' in xmllint) return xmllint;
    await goBuild(program, 'moov-iso20022');
    const [, version = ''] = /moov-io\/iso20022 (\S+)/.exec(readFileSync(`${program}/go.mod`, 'utf8')) ?? [];
    return { version };
  },
  async run(place) {
    const schemas = await schemaFiles();
    const texts = iso20022Messages.map((message) => ({ message, text: writeIso20022(message) }));
    const input = texts.map(({ message, text }) => `${message.kind}\t${Buffer.from(text).toString('hex')}\n`).join('');
    const out = await command([goPath('moov-iso20022')], { input });
    const answers = new Map(out.split('\n').map((line) => [line.slice(0, line.indexOf('\t')), line.split('\t').slice(1)]));
    const checks: Check[] = [];
    for (const { message, text } of texts) {
      const { kind } = message;
      const [written = '', reason = 'nothing'] = answers.get(kind) ?? [];
      checks.push(
        await check(`its schema validates our ${kind}`, () => validates(schemas, text, join(place.folder, `${kind}.xml`))),
        await check(`it reads our ${kind}, and we what it writes of it`, async () => {
          if (written === 'ERROR') throw new Error(reason);
          const again = readIso20022(Buffer.from(withoutEmpty(Buffer.from(written, 'hex').toString())));
          same(again.kind, kind);
          assert.deepEqual(comparable(again.value), comparable(message.value));
        }),
      );
    }
    const { text } = texts.find(({ message }) => message.kind === 'pacs.008')!;
    const wrong = text.replace('<ChrgBr>SLEV</ChrgBr>', '<ChrgBr>NONE</ChrgBr>');
    checks.push(
      await check('its schema and we refuse a wrong code, so its word counts', async () => {
        await assert.rejects(validates(schemas, wrong, join(place.folder, 'wrong.xml')), /ChrgBr/);
        assert.throws(() => readIso20022(Buffer.from(wrong)), /CdtTrfTxInf\[1\]\/ChrgBr: "NONE" is none of/);
      }),
    );
    return { checks };
  },
};

/** It writes the alternatives that were not chosen as empty elements or as the time zero, which the schemas do not allow. */
function withoutEmpty(text: string): string {
  const less = text.replace(/<(\w+)>(0001-01-01T00:00:00)?<\/\1>/g, '');
  return less === text ? text : withoutEmpty(less);
}

/** It drops the zones of times, and zeros at the end of sums. */
const comparable = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value)
      .replace(/(T\d\d:\d\d:\d\d)[^"]*/g, '$1')
      .replace(/("sum":"\d+\.\d*?)0*"/g, '$1"'),
  );

async function schemaFiles(): Promise<string[]> {
  const folder = (await command(['go', 'list', '-m', '-f', '{{.Dir}}', 'github.com/moov-io/iso20022'], { cwd: program })).trim();
  const specifications = join(folder, 'docs', 'specifications');
  const names = readdirSync(specifications, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.xsd')).map((name) => join(specifications, name));
}

async function validates(schemas: readonly string[], text: string, file: string): Promise<void> {
  const [, version = ''] = /:xsd:([a-z0-9.]+)"/.exec(text) ?? [];
  const schema = schemas.find((path) => path.includes(`/${version}`));
  if (schema === undefined) throw new Error(`there is no schema of ${version}`);
  writeFileSync(file, text);
  await command(['xmllint', '--noout', '--nonet', '--schema', schema, file]);
}
