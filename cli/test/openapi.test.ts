import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { AnyService } from '#kernel/contract/contract.ts';
import { openApi } from '#kernel/derive/openapi.ts';
import { routesOf } from '#kernel/derive/route.ts';
import { sample } from '#kernel/derive/test/fixture.ts';
import { allContracts } from '../verb/contract.ts';

const redocly = join(import.meta.dirname, '../../node_modules/@redocly/cli/bin/cli.js');
let folder = '';
let contracts: AnyService[] = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gamut-openapi-'));
  contracts = [...(await allContracts()), sample];
});
after(() => rm(folder, { recursive: true }));

async function lint(document: unknown): Promise<{ code: number; output: string }> {
  const file = join(folder, 'openapi.json');
  await writeFile(file, JSON.stringify(document));
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  return promisify(execFile)(process.execPath, [redocly, 'lint', file, '--format=json'], {
    cwd: folder,
    env,
    maxBuffer: 64 * 1024 * 1024,
  }).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, output: error.stdout }),
  );
}

type Report = { totals: { errors: number; warnings: number }; problems: { message: string; location: { pointer: string }[] }[] };

test('the document of all contracts passes redocly lint with the recommended rules: no error and no warning', {
  timeout: 60_000,
}, async () => {
  const { code, output } = await lint(openApi(contracts));
  const { totals, problems } = JSON.parse(output) as Report;
  assert.deepEqual([code, totals.errors, totals.warnings], [0, 0, 0], JSON.stringify(problems.slice(0, 5), null, 1));
});

test('the lint would see a mistake', { timeout: 60_000 }, async () => {
  const document = openApi([sample]) as { paths: Record<string, Record<string, { parameters: unknown[] }>> };
  const [item] = Object.values(document.paths['/v1/sample/notes/{name}'] ?? {});
  assert.ok(item);
  item.parameters = [];
  assert.equal((await lint(document)).code, 1);
});

test('every operation offered in REST stands in the document once, with its responses', () => {
  const document = openApi(contracts) as {
    paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  };
  const ids = Object.values(document.paths)
    .flatMap((item) => Object.values(item))
    .map(({ operationId, responses }) => {
      assert.ok(responses['401'] && responses['400'] && responses['403'] && responses.default, operationId);
      return operationId;
    });
  const wanted = contracts.flatMap((contract) => routesOf(contract).map((route) => `${contract.name}.${route.operation}`));
  assert.deepEqual(ids.toSorted(), wanted.toSorted());
});

test('the envelope of a kind is one shared component, and records and tuples keep what our checks know', () => {
  const document = JSON.stringify(openApi([sample]));
  assert.ok(document.includes('"$ref":"#/components/schemas/SampleNote"'));
  const { components } = JSON.parse(document) as { components: { schemas: Record<string, unknown> } };
  assert.ok('SampleNote' in components.schemas && 'Problem' in components.schemas);
  assert.ok(!document.includes('additionalItems'));
});
