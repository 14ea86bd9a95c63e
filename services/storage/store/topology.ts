import type { Static } from 'typebox';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fault } from '#kernel/contract/fault.ts';
import { Type } from '#kernel/contract/type.ts';
import { validator } from '#kernel/derive/validate.ts';
import { shards } from '../engine/stripe.ts';
import type { DriveSpec } from './drive.ts';
import { drivesMax } from './limits.ts';

/** What the operator's file is called, in the store's own directory. */
export const topologyFile = 'topology.json';

const Name = Type.Optional(Type.String({ minLength: 1, maxLength: 64 }));
const Topology = Type.Object(
  {
    drives: Type.Array(
      Type.Object(
        {
          path: Type.String({ minLength: 1, maxLength: 4096 }),
          region: Name,
          zone: Name,
          rack: Name,
          node: Name,
          weight: Type.Optional(Type.Number({ minimum: 0, maximum: 1000 })),
        },
        { additionalProperties: false },
      ),
      { minItems: shards, maxItems: drivesMax },
    ),
  },
  { additionalProperties: false },
);

/**
 * Where the operator says that the drives are, and what of them fails together; undefined where nothing is said. A drive's
 * number is its place in the list. Paths are absolute, or begin in the store's directory.
 */
export async function readTopology(directory: string): Promise<DriveSpec[] | undefined> {
  const file = join(directory, topologyFile);
  if (!existsSync(file)) return undefined;
  const { drives } = parse(file, await readFile(file, 'utf8'));
  const specs = drives.map(({ path, region = 'local', zone = 'local', rack = 'local', node = 'local', weight = 1 }, number) => ({
    number,
    path: resolve(directory, path),
    region,
    zone,
    rack,
    node,
    weight,
  }));
  const [twice] = specs.filter(({ path }, at) => specs.findIndex((other) => other.path === path) !== at);
  if (twice) throw unusable(file, `two drives are at ${twice.path}.`);
  return specs;
}

function parse(file: string, text: string): Static<typeof Topology> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unusable(file, 'it is no JSON.', cause);
  }
  const failure = validator(Topology)(value);
  if (failure) throw unusable(file, `${failure.path || '/'}: ${failure.detail}`);
  return value as Static<typeof Topology>;
}

function unusable(file: string, why: string, cause?: unknown): Error {
  return fault('DataDirectory', { detail: `${file} cannot be used: ${why}`, ...(cause === undefined ? {} : { cause }) });
}
