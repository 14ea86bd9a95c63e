import { join } from 'node:path';
import { type Blobs, openBlobs } from '#seams/blobs/blobs.ts';
import { allOfBoto3 } from '../boto3/checks.ts';
import { bucketName } from '../cast.ts';
import { type Check, check, type Client } from '../client.ts';
import { openPlace, type Place } from '../place.ts';
import { pythonPackage, pythonSet } from '../python.ts';
import { same, until } from '../tool.ts';
import { startServer } from './server.ts';

const moto = pythonSet('gateway');

/** The storage as a gateway to an S3 that is not ours, moto's: all that boto3 is held to, with its bytes over there. */
export const client: Client = {
  name: 'gateway',
  async setup() {
    const python = await pythonPackage('boto3');
    return 'skip' in python ? python : pythonPackage('moto', moto);
  },
  async run({ folder }) {
    const server = await startServer(moto);
    const login = (words: string) => `s3://gateway:its-secret@beyond/${words}?endpoint=${encodeURIComponent(`http://${server.address}`)}`;
    const beyond = openBlobs(login('some/folder'));
    try {
      return { checks: await runOn(beyond, join(folder, 'gateway'), ['--only', 'storage', '--blobs', login('some/folder')]) };
    } finally {
      beyond.close();
      await server.stop();
    }
  },
};

async function runOn(beyond: Blobs, folder: string, up: readonly string[]): Promise<Check[]> {
  let place: Place | undefined;
  const started = await check('the platform starts and makes its bucket', async () => {
    place = await openPlace(folder, { up });
    await until('the marker is there', async () => (await keysOf(beyond)).some((key) => key.endsWith('/deployment')));
  });
  if (!place) return [started];
  const checks = [started];
  try {
    const { s3 } = await place.credential();
    const bucket = bucketName();
    await place.gamut('storage', 'create-bucket', bucket);
    const own = () => openOwn(place as Place, s3, bucket);
    checks.push(await check('all that boto3 is held to', () => allOfBoto3(place as Place)));
    checks.push(await check('bytes lie there, in pieces, and cannot be read there', () => sealed(beyond, own())));
    await place.down();
    checks.push(
      await check('the next start finds what was there', async () => {
        place = await openPlace(folder, { up });
        const ours = own();
        same((await ours.read('kept', 3_145_000, 9000)).equals(text.subarray(3_145_000, 3_154_000)), true);
        ours.close();
      }),
    );
    checks.push(await check('what is deleted is removed there', () => removed(beyond, own())));
  } finally {
    await place.down();
  }
  return checks;
}

/** Our own door, by a key pair. */
function openOwn({ doors }: Place, s3: { readonly accessKeyId: string; readonly secretAccessKey: string }, bucket: string): Blobs {
  const door = doors['storage.s3']?.url ?? '';
  return openBlobs(`${door.replace('://', `://${s3.accessKeyId}:${encodeURIComponent(s3.secretAccessKey)}@`)}/${bucket}`);
}

const words = 'nobody should read this over there';
/** Bytes that compression does not make small. */
const text = Buffer.concat(Array.from({ length: 100 }, (_, at) => Buffer.concat([Buffer.from(words), noise(at)])));

function noise(seed: number): Buffer {
  const bytes = Buffer.alloc(40_000);
  let state = seed + 1;
  for (let at = 0; at < bytes.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

async function keysOf(blobs: Blobs): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { key } of blobs.list('')) found.push(key);
  } catch (error) {
    // The bucket is made with the first use.
    if ((error as { code?: string }).code !== 'NoSuchBucket') throw error;
  }
  return found;
}

async function put(blobs: Blobs, key: string, bytes: Buffer): Promise<void> {
  const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))).toString('hex');
  await blobs.put(key, {
    ...{ sizeBytes: bytes.length, sha256 },
    async *pieces() {
      yield bytes;
    },
  });
}

async function sealed(beyond: Blobs, ours: Blobs): Promise<void> {
  const before = new Set(await keysOf(beyond));
  await put(ours, 'kept', text);
  const made = (await keysOf(beyond)).filter((key) => !before.has(key));
  same(made.length, 2);
  for (const key of made) {
    same(/(^|\/)storage-[0-9a-f]{32}\/\w{13}\/[0-9a-f]{32}\.\d$/.test(key), true);
    const bytes = await beyond.read(key, 0, 4_000_000);
    if (bytes.includes(words)) throw new Error(`${key} can be read`);
  }
  ours.close();
}

async function removed(beyond: Blobs, ours: Blobs): Promise<void> {
  const before = (await keysOf(beyond)).length;
  await ours.remove('kept');
  await until('its pieces are gone', async () => (await keysOf(beyond)).length === before - 2);
  ours.close();
}
