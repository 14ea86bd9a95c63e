import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Check, check, type Client } from '../client.ts';
import { command, tryCommand } from '../command.ts';
import { gamutCommand, openPlace, type Place } from '../place.ts';

const nobody = 65_534;
const isRoot = process.getuid?.() === 0;

/** What `gamut pack` makes, installed by npm with install scripts off into a prefix that nobody may write, and run from there. */
export const client: Client = {
  name: 'package',
  setup: async () => ({ version: `npm ${(await command(['npm', '--version'])).trim()}` }),
  async run({ folder }) {
    const prefix = join(folder, 'prefix');
    mkdirSync(prefix);
    const checks = [await check('npm installs the package with install scripts off', () => install(prefix))];
    if (!checks[0]?.ok) return { checks };
    const unlock = await readOnly(prefix);
    const before = newest(prefix);
    try {
      const users = isRoot
        ? [
            { name: 'root', as: {} },
            { name: 'an ordinary user', as: ordinary },
          ]
        : [{ name: 'an ordinary user', as: {} }];
      for (const { name, as } of users) {
        const place = join(folder, name.replaceAll(' ', '-'));
        mkdirSync(place);
        if ('uid' in as) chownSync(place, as.uid, as.gid);
        checks.push(...(await runAs(place, join(prefix, 'node_modules', '.bin', 'gamut'), name, as)));
      }
      checks.push(
        await check('nothing was written below the prefix', async () => {
          if (newest(prefix) !== before) throw new Error('a file below the prefix is newer than the installation');
        }),
      );
    } finally {
      await unlock();
    }
    return { checks };
  },
};

const ordinary = { uid: nobody, gid: nobody, env: { HOME: '/nonexistent', XDG_CACHE_HOME: '' } };

async function install(prefix: string): Promise<void> {
  const { path } = JSON.parse(await command([gamutCommand, 'pack', '-o', 'json'])) as { path: string };
  await command(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--prefix', prefix, path]);
}

/** Takes the right to write away from everybody; from root, whom rights do not bind, by the mount. Answers how to give it back. */
async function readOnly(prefix: string): Promise<() => Promise<void>> {
  await command(['chmod', '-R', 'a-w', prefix]);
  if (!isRoot) return async () => void (await command(['chmod', '-R', 'u+w', prefix]));
  chmodSync(prefix, 0o555);
  const { code } = await tryCommand(['mount', '--bind', prefix, prefix]);
  if (code !== 0) return async () => undefined;
  await command(['mount', '-o', 'remount,bind,ro', prefix]);
  return async () => void (await command(['umount', prefix]));
}

/** The latest change of any file below a folder, in milliseconds since 1970. */
function newest(folder: string): number {
  let latest = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    latest = Math.max(latest, statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return latest;
}

async function runAs(folder: string, gamut: string, who: string, as: object): Promise<Check[]> {
  let place: Place | undefined;
  const titled = (title: string, step: () => Promise<void>) => check(`as ${who}: ${title}`, step);
  const checks = [
    await titled('up is ready', async () => {
      place = await openPlace(folder, { gamut, as });
    }),
  ];
  if (!place) return checks;
  const open = place;
  try {
    checks.push(await titled('the AWS SDK stores an object and reads it back', () => storeAndRead(open)));
    checks.push(await titled('the console is served', () => servesConsole(open)));
    checks.push(await titled('a second up finds the first', async () => void (await open.gamut('up', '--detach'))));
  } finally {
    checks.push(await titled('down ends it', async () => void (await open.gamut('down'))));
  }
  return checks;
}

async function storeAndRead(place: Place): Promise<void> {
  const { s3 } = await place.credential();
  const sdk = new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
    forcePathStyle: true,
  });
  const at = { Bucket: 'from-the-package', Key: 'hello' };
  try {
    await sdk.send(new CreateBucketCommand({ Bucket: at.Bucket }));
    await sdk.send(new PutObjectCommand({ ...at, Body: 'hello' }));
    const text = await (await sdk.send(new GetObjectCommand(at))).Body?.transformToString();
    if (text !== 'hello') throw new Error(`read back ${JSON.stringify(text)}`);
  } finally {
    sdk.destroy();
  }
}

/** The page and what it loads first. The address is asked by number, for `*.localhost` resolves in browsers only. */
async function servesConsole(place: Place): Promise<void> {
  const { port, host } = new URL(place.console);
  const get = async (path: string) => {
    const found = await command(['curl', '--silent', '--fail', '--header', `Host: ${host}`, `http://127.0.0.1:${port}${path}`]);
    if (found === '') throw new Error(`${path} is empty`);
    return found;
  };
  const script = /<script[^>]*src="([^"]+)"/.exec(await get('/'))?.[1];
  if (!script) throw new Error('the page loads no script');
  await get(script);
}
