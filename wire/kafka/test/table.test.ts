import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Api, lastVersion } from '../api.ts';
import type { Codec } from '../codec.ts';
import type { Field, Shape } from '../field.ts';
import { range, within } from '../field.ts';
import { apis } from '../table.ts';

const folder = fileURLToPath(new URL('../../../../shared/data/kafka-messages', import.meta.url));
const skip = existsSync(folder) ? false : 'the shared message definitions are not beside this checkout';

type Definition = {
  apiKey: number;
  validVersions: string;
  flexibleVersions: string;
  fields: Described[];
  commonStructs?: { name: string; fields: Described[] }[];
};
type Described = {
  name: string;
  type: string;
  versions: string;
  nullableVersions?: string;
  tag?: number;
  taggedVersions?: string;
  fields?: Described[];
};

/** A definition: JSON with comments, which stand on lines of their own. */
function definition(name: string): Definition {
  const text = readFileSync(`${folder}/${name}.json`, 'utf8').replace(/^\s*\/\/.*$/gm, '');
  return JSON.parse(text.replace(/,(\s*[}\]])/g, '$1')) as Definition;
}

const camel = (name: string) => `${name[0]?.toLowerCase()}${name.slice(1)}`;

/** Says what a field is in one version, in the same words for both sides. */
const words = (type: string, nullable: boolean, tag: number | undefined) =>
  `${type}${nullable ? '?' : ''}${tag === undefined ? '' : ` tag ${tag}`}`;

function ours(shape: Shape, version: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(shape)
      .filter(([, field]) => within(version, field.versions) || within(version, field.tagged))
      .map(([name, field]: [string, Field<unknown>]) => {
        const tag = within(version, field.tagged ?? field.versions) ? field.tag : undefined;
        const inner = typeof field.of === 'object' ? ours(field.of, version) : field.of;
        return [name, [words(field.type, within(version, field.nullable), tag), inner]];
      }),
  );
}

function theirs(fields: readonly Described[], version: number, common: ReadonlyMap<string, Described[]>): Record<string, unknown> {
  return Object.fromEntries(
    fields
      .filter(({ versions, taggedVersions }) => within(version, versions) || within(version, taggedVersions))
      .map((field) => {
        const isArray = field.type.startsWith('[]');
        const base = isArray ? field.type.slice(2) : field.type;
        const structure = field.fields ?? common.get(base);
        const tag = within(version, field.taggedVersions ?? field.versions) ? field.tag : undefined;
        const type = isArray ? 'array' : structure ? 'struct' : base;
        const inner = structure ? theirs(structure, version, common) : isArray ? base : undefined;
        return [camel(field.name), [words(type, within(version, field.nullableVersions), tag), inner]];
      }),
  );
}

function compare(codec: Codec<Shape>, name: string, api: Api): number {
  const defined = definition(name);
  const common = new Map(defined.commonStructs?.map((struct) => [struct.name, struct.fields]));
  const [, newest] = range(defined.validVersions);
  const [first] = range(api.versions);
  let compared = 0;
  for (let version = first; version <= Math.min(newest, lastVersion(api)); version++) {
    assert.deepEqual(ours(codec.shape, version), theirs(defined.fields, version, common), `${name} ${version}`);
    assert.equal(within(version, codec.flexible), within(version, defined.flexibleVersions), `${name} ${version} flexible`);
    compared += 1;
  }
  return compared;
}

test('every message of every served version has the fields of the published definitions, up to their versions', { skip }, () => {
  let compared = 0;
  for (const api of apis as readonly unknown[] as Api[]) {
    assert.equal(definition(`${api.name}Request`).apiKey, api.key, api.name);
    compared += compare(api.request, `${api.name}Request`, api) + compare(api.response, `${api.name}Response`, api);
  }
  assert.ok(compared > 300, `${compared} versions were compared`);
});
