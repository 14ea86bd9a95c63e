import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileHash, plantBytes } from '../tree.ts';
import { same, told, until } from '../tool.ts';
import { listed, type Stage, type Steps } from './stage.ts';

const MiB = 1024 * 1024;
// Control characters are shown as their pictures on rclone's side, and are themselves in the key.
const keys = [
  'back\\slash',
  'tab␉key',
  'line␊break',
  'trailing ',
  'x'.repeat(250),
  '\u00e9 composed',
  'e\u0301 decomposed',
  '＂full＂width',
];

export function objectSteps(stage: Stage): Steps {
  const { inBucket } = stage;
  return [
    ['40 MiB go up in parts, keep their hash, and are copied in parts on the server', () => inBucket((remote) => parts(stage, remote))],
    ['a stream of unknown length is stored', () => inBucket((remote) => streams(stage, remote))],
    ['an upload that was left behind is listed and cleaned up', () => inBucket((remote) => leftBehind(stage, remote))],
    ['metadata, headers and MD5 return as they were given', () => inBucket((remote) => metadata(stage, remote))],
    ['ranges answer those bytes', () => inBucket((remote) => ranges(stage, remote))],
    ['keys that no file may have are stored, read, listed and deleted', () => inBucket((remote) => oddKeys(stage, remote))],
    ['a link reads for anybody, until it is altered', () => inBucket((remote) => link(stage, remote))],
  ];
}

async function parts({ rclone, folder }: Stage, remote: string): Promise<void> {
  const [big, back] = [join(folder, 'big'), join(folder, 'back')];
  plantBytes(big, 40 * MiB + 7, 'rclone');
  const hash = fileHash(big);
  await rclone.run('copyto', '--s3-upload-cutoff', '5M', '--s3-chunk-size', '5M', big, `${remote}/big`);
  const cut = ['--s3-copy-cutoff', '6M'];
  await rclone.run('copyto', ...cut, `${remote}/big`, `${remote}/copied`);
  await rclone.run('moveto', ...cut, `${remote}/copied`, `${remote}/moved`);
  for (const key of ['big', 'moved']) {
    rmSync(back, { force: true });
    await rclone.run('copyto', '--multi-thread-cutoff', '10M', '--multi-thread-streams', '4', `${remote}/${key}`, back);
    same(fileHash(back), hash);
  }
  const names = (await listed(rclone, '--hash', remote)).map(({ Path, Size }) => [Path, Size]);
  same(names, [
    ['big', 40 * MiB + 7],
    ['moved', 40 * MiB + 7],
  ]);
}

async function streams({ rclone }: Stage, remote: string): Promise<void> {
  const text = 'streamed '.repeat(1_500_000);
  await rclone.feed(text, 'rcat', '--s3-chunk-size', '5M', `${remote}/stream`);
  if ((await rclone.run('cat', `${remote}/stream`)) !== text) throw new Error('the stream came back otherwise');
  await rclone.feed('', 'rcat', `${remote}/empty`);
  same(
    (await listed(rclone, `${remote}/empty`)).map(({ Size }) => Size),
    [0],
  );
}

async function leftBehind({ rclone, folder }: Stage, remote: string): Promise<void> {
  const file = join(folder, 'slow');
  plantBytes(file, 12 * MiB, 'slow');
  const bucket = remote.slice('g:'.length);
  const uploads = async () => {
    const all = JSON.parse(await rclone.run('backend', 'list-multipart-uploads', remote)) as Record<string, { Key: string }[] | null>;
    return (all[bucket] ?? []).map(({ Key }) => Key);
  };
  const slow = ['--bwlimit', '100k', '--s3-upload-cutoff', '5M', '--s3-chunk-size', '5M'];
  const kill = rclone.begin('copyto', ...slow, file, `${remote}/slow`);
  await until('the upload is listed', async () => (await uploads()).length > 0);
  await kill();
  same(await uploads(), ['slow']);
  await rclone.run('backend', 'cleanup', remote, '-o', 'max-age=0s');
  same(await uploads(), []);
  same(await rclone.run('lsf', remote), '');
}

async function metadata({ rclone, folder }: Stage, remote: string): Promise<void> {
  const file = join(folder, 'described');
  writeFileSync(file, 'described');
  const headers = ['Content-Type: text/x-kind', 'Cache-Control: max-age=5', 'X-Amz-Meta-Colour: red'];
  await rclone.run('copyto', ...headers.flatMap((header) => ['--header-upload', header]), file, `${remote}/k`);
  const look = async (key: string) => (await listed(rclone, '--hash', '--metadata', `${remote}/${key}`))[0];
  const found = await look('k');
  same(found?.Hashes?.md5, createHash('md5').update('described').digest('hex'));
  const { colour, 'cache-control': cache, 'content-type': type } = found?.Metadata ?? {};
  same([colour, cache, type, found?.MimeType], ['red', 'max-age=5', 'text/x-kind', 'text/x-kind']);
  await rclone.run('copyto', '--metadata', `${remote}/k`, `${remote}/copy`);
  same((await look('copy'))?.Metadata?.colour, 'red');
  await rclone.run('touch', '--timestamp', '2010-11-12T13:14:15', `${remote}/k`);
  same(new Date((await look('k'))?.ModTime ?? 0).toISOString(), '2010-11-12T13:14:15.000Z');
}

async function ranges({ rclone }: Stage, remote: string): Promise<void> {
  await rclone.feed('0123456789', 'rcat', `${remote}/k`);
  same(await rclone.run('cat', '--offset', '2', '--count', '3', `${remote}/k`), '234');
  same(await rclone.run('cat', '--tail', '4', `${remote}/k`), '6789');
  same(await rclone.run('cat', '--head', '1', `${remote}/k`), '0');
}

async function oddKeys({ rclone }: Stage, remote: string): Promise<void> {
  for (const key of keys) await rclone.feed(`of ${key}`, 'rcat', `${remote}/${key}`);
  for (const key of keys) same(await rclone.run('cat', `${remote}/${key}`), `of ${key}`);
  const found = await listed(rclone, '-R', '--files-only', '--fast-list', remote);
  same(found.map(({ Path }) => Path).toSorted(), keys.toSorted());
  for (const key of keys) await rclone.run('deletefile', `${remote}/${key}`);
  same(await listed(rclone, '-R', '--files-only', remote), []);
}

async function link({ rclone }: Stage, remote: string): Promise<void> {
  await rclone.feed('for everybody', 'rcat', `${remote}/a b/ü+%&.txt`);
  const address = (await rclone.run('link', '--expire', '10m', `${remote}/a b/ü+%&.txt`)).trim();
  told(address, /X-Amz-Expires=600/);
  const got = await fetch(address);
  same([got.status, await got.text()], [200, 'for everybody']);
  same((await fetch(address.replace('X-Amz-Expires=600', 'X-Amz-Expires=601'))).status, 403);
  same((await fetch(address, { method: 'DELETE' })).status, 403);
}
