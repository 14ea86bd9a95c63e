import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashesOf, plantTree, sameTrees } from '../tree.ts';
import { same, told } from '../tool.ts';
import { listed, type Stage, type Steps } from './stage.ts';

export function treeSteps(stage: Stage): Steps {
  const { inBucket } = stage;
  return [
    ['buckets are made, listed, described and removed, and one that holds something by force only', () => buckets(stage)],
    [
      'a real tree is synced up and down with the same hashes, and not a byte is sent twice',
      () => inBucket((bucket) => syncs(stage, bucket)),
    ],
    ['what changed is sent, and what is gone is removed, on both sides', () => inBucket((bucket) => changes(stage, bucket))],
    [
      'a bucket is copied and moved on the server, and hundreds of keys are removed at once',
      () => inBucket((bucket) => serverSide(stage, bucket)),
    ],
    ['keys are listed by prefix, and folded by the delimiter', () => inBucket((bucket) => listings(stage, bucket))],
  ];
}

async function buckets({ s3cmd }: Stage): Promise<void> {
  const bucket = `s3://conform-${process.hrtime.bigint()}`;
  told(await s3cmd.run('mb', bucket), new RegExp(`Bucket '${bucket}/' created`));
  told(await s3cmd.run('ls'), new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d +${bucket}$`, 'm'));
  told(await s3cmd.run('info', bucket), /Location: +us-east-1\n/);
  await s3cmd.feed('x', 'put', '-', `${bucket}/k`);
  await s3cmd.refused(/BucketNotEmpty|not empty/i, 'rb', bucket);
  await s3cmd.run('rb', '--force', '--recursive', bucket);
  await s3cmd.refused(/NoSuchBucket|does not exist/, 'ls', bucket);
  await s3cmd.refused(/InvalidBucketName|is not a valid|disallowed/i, 'mb', 's3://No_Bucket');
}

async function syncs({ s3cmd, folder }: Stage, bucket: string): Promise<void> {
  const [up, down] = [join(folder, 'up'), join(folder, 'down')];
  plantTree(up);
  await s3cmd.run('sync', `${up}/`, `${bucket}/tree/`);
  same(await s3cmd.run('sync', `${up}/`, `${bucket}/tree/`), '');
  await s3cmd.run('sync', `${bucket}/tree/`, `${down}/`);
  const count = sameTrees(down, up);
  told(await s3cmd.run('du', `${bucket}/tree/`), new RegExp(`^ *\\d+ +${count} objects `, 'm'));
}

async function changes({ s3cmd, folder }: Stage, bucket: string): Promise<void> {
  const [up, down] = [join(folder, 'small'), join(folder, 'small-down')];
  plantTree(up);
  for (const part of ['kernel', 'cli', 'services']) rmSync(join(up, part), { recursive: true });
  await s3cmd.run('sync', `${up}/`, `${bucket}/`);
  await s3cmd.run('sync', `${bucket}/`, `${down}/`);
  writeFileSync(join(up, 'odd', 'with space'), 'changed');
  rmSync(join(up, 'odd', 'a=b'));
  const said = await s3cmd.run('sync', '--delete-removed', `${up}/`, `${bucket}/`);
  same([said.match(/^upload: /gm)?.length, said.match(/^delete: /gm)?.length], [1, 1]);
  await s3cmd.run('sync', '--delete-removed', `${bucket}/`, `${down}/`);
  sameTrees(down, up);
}

async function serverSide({ s3cmd, folder }: Stage, bucket: string): Promise<void> {
  const [up, down] = [join(folder, 'side'), join(folder, 'side-down')];
  plantTree(up);
  for (const part of ['kernel', 'cli']) rmSync(join(up, part), { recursive: true });
  await s3cmd.run('sync', `${up}/`, `${bucket}/a/`);
  await s3cmd.run('cp', '--recursive', `${bucket}/a/`, `${bucket}/b/`);
  await s3cmd.run('mv', '--recursive', `${bucket}/b/`, `${bucket}/c/`);
  same(await listed(s3cmd, '--recursive', `${bucket}/b/`), []);
  await s3cmd.run('sync', `${bucket}/c/`, `${down}/`);
  sameTrees(down, up);
  await s3cmd.run('del', '--recursive', '--exclude', '*', '--include', '*.ts', `${bucket}/c/`);
  const left = (await listed(s3cmd, '--recursive', `${bucket}/c/`)).length;
  same(left, [...hashesOf(up).keys()].filter((path) => !path.endsWith('.ts')).length);
  await s3cmd.run('del', '--recursive', '--force', `${bucket}/`);
  same(await listed(s3cmd, '--recursive', bucket), []);
}

async function listings({ s3cmd }: Stage, bucket: string): Promise<void> {
  for (const key of ['a/1', 'a/b/2', 'c', 'd/3']) await s3cmd.feed(key, 'put', '-', `${bucket}/${key}`);
  same(await listed(s3cmd, bucket), [`DIR  ${bucket}/a/`, `DIR  ${bucket}/d/`, `1  ${bucket}/c`]);
  same(await listed(s3cmd, `${bucket}/a/`), [`DIR  ${bucket}/a/b/`, `3  ${bucket}/a/1`]);
  same(await listed(s3cmd, '--recursive', `${bucket}/a`), [`3  ${bucket}/a/1`, `5  ${bucket}/a/b/2`]);
  same((await listed(s3cmd, '--limit', '2', '--recursive', bucket)).length, 2);
}
