import { createHash } from 'node:crypto';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credential } from '../place.ts';
import { fileHash, plantBytes } from '../tree.ts';
import { same, told, until } from '../tool.ts';
import { listed, type Stage, type Steps } from './stage.ts';

const MiB = 1024 * 1024;
const keys = [
  'with space',
  ' leading',
  'a//b',
  'plus+plus',
  'a+b c%20d',
  '%2F',
  'ünïcödé/日本語',
  'emoji-😀',
  'e\u0301',
  'quote"\'`',
  '<xml>&amp;',
  'hash#tag',
  'star!()@$',
  'x'.repeat(900),
];

export function objectSteps(stage: Stage): Steps {
  const { inBucket } = stage;
  return [
    ['40 MiB go up in parts, keep their hash, and are copied on the server', () => inBucket((bucket) => parts(stage, bucket))],
    ['a stream of unknown length goes up in parts', () => inBucket((bucket) => streams(stage, bucket))],
    [
      'an upload that was broken off is listed, told part by part, continued and aborted',
      () => inBucket((bucket) => brokenOff(stage, bucket)),
    ],
    ['metadata and headers return as they were given, and are modified in place', () => inBucket((bucket) => metadata(stage, bucket))],
    ['a download that was broken off is continued by a range', () => inBucket((bucket) => ranges(stage, bucket))],
    ['keys of every odd kind are stored, read, listed and deleted', () => inBucket((bucket) => oddKeys(stage, bucket))],
    [
      'a signed address, which s3cmd signs by version 2, is good with a credential made for it and with no other',
      () => inBucket((bucket) => signed(stage, bucket)),
    ],
  ];
}

async function parts({ s3cmd, folder }: Stage, bucket: string): Promise<void> {
  const [big, back] = [join(folder, 'big'), join(folder, 'back')];
  plantBytes(big, 40 * MiB + 7, 's3cmd');
  const hash = fileHash(big);
  told(await s3cmd.run('put', '--progress', '--multipart-chunk-size-mb=6', big, `${bucket}/big`), /part 7 of 7, 4MB/);
  told(await s3cmd.run('info', `${bucket}/big`), /File size: 41943047\n/);
  await s3cmd.run('cp', `${bucket}/big`, `${bucket}/copied`);
  await s3cmd.run('mv', `${bucket}/copied`, `${bucket}/moved`);
  for (const key of ['big', 'moved']) {
    rmSync(back, { force: true });
    await s3cmd.run('get', `${bucket}/${key}`, back);
    same(fileHash(back), hash);
  }
  same(await listed(s3cmd, bucket), [`41943047  ${bucket}/big`, `41943047  ${bucket}/moved`]);
}

async function streams({ s3cmd, folder }: Stage, bucket: string): Promise<void> {
  const text = 'streamed '.repeat(2_000_000);
  await s3cmd.feed(text, 'put', '--multipart-chunk-size-mb=5', '-', `${bucket}/stream`);
  const back = join(folder, 'stream');
  await s3cmd.run('get', `${bucket}/stream`, back);
  same(fileHash(back), createHash('sha256').update(text).digest('hex'));
}

async function brokenOff({ s3cmd, folder }: Stage, bucket: string): Promise<void> {
  const file = join(folder, 'slow');
  plantBytes(file, 12 * MiB, 'slow');
  const ids = async () =>
    [...(await s3cmd.run('multipart', bucket)).matchAll(/^\d\S+\t(\S+)\t(\S+)$/gm)].map(([, path, id]) => ({ path, id: id ?? '' }));
  const begin = async (key: string) => {
    const known = (await ids()).length;
    const kill = s3cmd.begin('put', '--limit-rate=2m', '--multipart-chunk-size-mb=5', file, `${bucket}/${key}`);
    await until('the upload is listed', async () => (await ids()).length > known);
    const id = (await ids()).find(({ path }) => path === `${bucket}/${key}`)?.id ?? '';
    await until('a part is there', async () => /^1\t/m.test(await s3cmd.run('listmp', `${bucket}/${key}`, id).then(partsOf)));
    await kill();
    return id;
  };
  const continued = await begin('continued');
  await s3cmd.run('put', '--continue-put', `--upload-id=${continued}`, '--multipart-chunk-size-mb=5', file, `${bucket}/continued`);
  const back = join(folder, 'slow-back');
  await s3cmd.run('get', `${bucket}/continued`, back);
  same(fileHash(back), fileHash(file));
  const aborted = await begin('aborted');
  await s3cmd.run('abortmp', `${bucket}/aborted`, aborted);
  same([await ids(), await listed(s3cmd, bucket)], [[], [`12582912  ${bucket}/continued`]]);
}

/** The lines of parts, of a list that begins with a heading. */
const partsOf = (text: string): string => text.replace(/^LastModified.*\n/, '').replace(/^\S+\t(\d+)\t/gm, '$1\t');

async function metadata({ s3cmd, folder }: Stage, bucket: string): Promise<void> {
  const file = join(folder, 'described');
  writeFileSync(file, 'described');
  const headers = ['--add-header=x-amz-meta-colour:red', '--add-header=Cache-Control:max-age=5'];
  await s3cmd.run('put', '--mime-type=text/x-kind', ...headers, file, `${bucket}/k`);
  const info = await s3cmd.run('info', `${bucket}/k`);
  told(info, /MIME type: +text\/x-kind\n/);
  told(info, /x-amz-meta-colour: +red\n/);
  told(info, new RegExp(`MD5 sum: +${createHash('md5').update('described').digest('hex')}\n`));
  await s3cmd.run('modify', '--add-header=x-amz-meta-colour:blue', '--remove-header=Cache-Control', `${bucket}/k`);
  told(await s3cmd.run('info', `${bucket}/k`), /x-amz-meta-colour: +blue\n/);
  await s3cmd.run('cp', `${bucket}/k`, `${bucket}/copy`);
  told(await s3cmd.run('info', `${bucket}/copy`), /MIME type: +text\/x-kind\n[^]*x-amz-meta-colour: +blue\n/);
}

async function ranges({ s3cmd, folder }: Stage, bucket: string): Promise<void> {
  const [file, back] = [join(folder, 'whole'), join(folder, 'half')];
  plantBytes(file, 3 * MiB, 'ranges');
  await s3cmd.run('put', file, `${bucket}/k`);
  await s3cmd.run('get', `${bucket}/k`, back);
  truncateSync(back, 1_234_567);
  await s3cmd.run('get', '--continue', `${bucket}/k`, back);
  same(fileHash(back), fileHash(file));
}

async function oddKeys({ s3cmd, folder }: Stage, bucket: string): Promise<void> {
  const [file, back] = [join(folder, 'odd'), join(folder, 'odd-back')];
  for (const key of keys) {
    writeFileSync(file, `of ${key}`);
    await s3cmd.run('put', file, `${bucket}/${key}`);
    await s3cmd.run('get', '--force', `${bucket}/${key}`, back);
    same(readFileSync(back, 'utf8'), `of ${key}`);
  }
  const found = (await listed(s3cmd, '--recursive', bucket)).map((line) => line.replace(/^\d+ +s3:\/\/[^/]+\//, ''));
  same(found.toSorted(), keys.toSorted());
  for (const key of keys.slice(0, 3)) await s3cmd.run('del', `${bucket}/${key}`);
  same((await listed(s3cmd, '--recursive', bucket)).length, keys.length - 3);
}

async function signed({ s3cmd, by, place, cast }: Stage, bucket: string): Promise<void> {
  await s3cmd.feed('kept', 'put', '-', `${bucket}/k`);
  const got = await fetch((await s3cmd.run('signurl', `${bucket}/k`, '+600')).trim());
  same(got.status, 403);
  told(await got.text(), /<Code>SignatureDoesNotMatch<\/Code>/);
  await s3cmd.refused(/SignatureDoesNotMatch/, '--signature-v2', 'ls', bucket);
  const made = JSON.parse(await place.gamut('platform', 'create-credential', '--role', 'owner', '--signature-v2')) as Credential;
  const old = by({ ...made, s3: { ...made.s3, endpoint: cast.owner.s3.endpoint } });
  told(await old.run('--signature-v2', 'ls', bucket), /\/k\n/);
  const read = await fetch((await old.run('signurl', `${bucket}/k`, '+600')).trim());
  same([read.status, await read.text()], [200, 'kept']);
}
