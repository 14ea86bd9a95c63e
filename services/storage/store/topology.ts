import type { Static } from 'typebox';
import { existsSync, type Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize, resolve } from 'node:path';
import { readNodeAddress } from '#engine/storage-node/address.ts';
import { readNodeKey } from '#engine/storage-node/secret.ts';
import { fault } from '#kernel/contract/fault.ts';
import { Type } from '#kernel/contract/type.ts';
import { validator } from '#kernel/derive/validate.ts';
import { shards } from '../engine/stripe.ts';
import type { DriveSpec, NodePlace } from './drive.ts';
import { drivesMax, keyFileMaxBytes } from './limits.ts';

/** What the operator's file is called, in the store's own directory. */
export const topologyFile = 'topology.json';

const Name = Type.Optional(Type.String({ minLength: 1, maxLength: 64 }));
const Topology = Type.Object(
  {
    scrubDays: Type.Optional(Type.Number({ minimum: 1, maximum: 365 })),
    drives: Type.Optional(
      Type.Array(
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
    ),
    nodes: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 64 }),
            address: Type.String({ minLength: 1, maxLength: 300 }),
            key: Type.String({ minLength: 1, maxLength: 4096 }),
          },
          { additionalProperties: false },
        ),
        { maxItems: drivesMax },
      ),
    ),
  },
  { additionalProperties: false },
);

/** What the operator says; of drives nothing, where there is no word of them. */
export type Told = { readonly specs?: readonly DriveSpec[]; readonly scrubDays?: number };

/**
 * Where the operator says that the drives are, and what of them fails together. A drive's
 * number is its place in the list. Paths are absolute, or begin in the store's directory. The drives of a node that has an
 * address are there, at their paths on its machine.
 */
export async function readTopology(directory: string): Promise<Told> {
  const file = join(directory, topologyFile);
  if (!existsSync(file)) return {};
  const { drives, nodes = [], scrubDays } = parse(file, await readFile(file, 'utf8'));
  const places = await nodePlaces(file, directory, nodes);
  const specs = drives?.map(({ path, region = 'local', zone = 'local', rack = 'local', node = 'local', weight = 1 }, number): DriveSpec => {
    const at = places.get(node);
    if (at && (!isAbsolute(path) || normalize(path) !== path))
      throw unusable(file, `${path} is at the node ${node}, so its path must be whole.`);
    return { number, path: at ? path : resolve(directory, path), region, zone, rack, node, weight, ...(at ? { at } : {}) };
  });
  const same = (a: DriveSpec, b: DriveSpec) => a.path === b.path && a.at === b.at;
  const [twice] = (specs ?? []).filter((spec, at) => specs?.findIndex((other) => same(other, spec)) !== at);
  if (twice) throw unusable(file, `two drives are at ${twice.path}.`);
  const [idle] = [...places.keys()].filter((name) => !specs?.some(({ node }) => node === name));
  if (idle) throw unusable(file, `no drive is at the node ${idle}.`);
  return { ...(specs ? { specs } : {}), ...(scrubDays === undefined ? {} : { scrubDays }) };
}

async function nodePlaces(
  file: string,
  directory: string,
  nodes: readonly { readonly name: string; readonly address: string; readonly key: string }[],
): Promise<ReadonlyMap<string, NodePlace>> {
  const places = new Map<string, NodePlace>();
  const addresses = new Set<string>();
  for (const { name, address: text, key } of nodes) {
    const address = readNodeAddress(text);
    if (!address) throw unusable(file, `${text} is no address of a node: unix:/PATH or tls://HOST:PORT.`);
    if (places.has(name) || addresses.has(text)) throw unusable(file, `the node ${name} or its address is there twice.`);
    places.set(name, { address, key: await readKeyFile(resolve(directory, key)) });
    addresses.add(text);
  }
  return places;
}

/** The key that storage and a node share. A file that others of the machine may read is refused. */
export async function readKeyFile(path: string): Promise<Buffer> {
  let found: Stats;
  let text: string;
  try {
    found = await stat(path);
    text = found.size <= keyFileMaxBytes ? await readFile(path, 'utf8') : '';
  } catch (cause) {
    throw fault('DataDirectory', { detail: `The key of a node cannot be read: ${path}.`, cause });
  }
  if ((found.mode & 0o077) !== 0) throw fault('DataDirectory', `Others may read the key of a node, ${path}: its mode must be 0600.`);
  const key = readNodeKey(text);
  if (!key) throw fault('DataDirectory', `${path} is no key of a node: 32 bytes in base64, as \`gamut storage-node --new-key\` makes it.`);
  return key;
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
