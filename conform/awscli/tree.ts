import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileHash, hashesOf, plantBytes, plantTree, sameTrees } from '../tree.ts';
import { same, told } from '../tool.ts';
import type { Stage, Steps } from './stage.ts';

const MiB = 1024 * 1024;

export function treeSteps(stage: Stage): Steps {
  const { inBucket } = stage;
  return [
    [
      'a real tree is synced up and down with the same hashes, and not a byte is sent twice',
      () => inBucket((bucket) => syncs(stage, bucket)),
    ],
    ['40 MiB go up in parts and come back, also copied, moved and streamed', () => inBucket((bucket) => transfers(stage, bucket))],
    ['parts are sent by hand, listed, replaced, copied and joined', () => inBucket((bucket) => parts(stage, bucket))],
  ];
}

async function syncs({ aws, folder }: Stage, bucket: string): Promise<void> {
  const [up, down] = [join(folder, 'up'), join(folder, 'down')];
  plantTree(up);
  await aws.run('s3', 'sync', '--only-show-errors', up, `s3://${bucket}/tree`);
  same(await aws.run('s3', 'sync', up, `s3://${bucket}/tree`), '');
  await aws.run('s3', 'sync', '--only-show-errors', `s3://${bucket}/tree`, down);
  sameTrees(down, up);
  writeFileSync(join(up, 'odd', 'with space'), 'changed, and of another length');
  rmSync(join(up, 'odd', 'a=b'));
  const dry = await aws.run('s3', 'sync', '--delete', '--dryrun', up, `s3://${bucket}/tree`);
  same(dry.match(/^\(dryrun\) \w+/gm)?.toSorted(), ['(dryrun) delete', '(dryrun) upload']);
  await aws.run('s3', 'sync', '--delete', up, `s3://${bucket}/tree`);
  await aws.run('s3', 'sync', '--delete', '--only-show-errors', `s3://${bucket}/tree`, down);
  sameTrees(down, up);
  const some = join(folder, 'some');
  await aws.run('s3', 'cp', '--recursive', '--only-show-errors', '--exclude', '*', '--include', '*.sql', `s3://${bucket}/tree`, some);
  same([...hashesOf(some).keys()].toSorted(), [...hashesOf(up).keys()].filter((path) => path.endsWith('.sql')).toSorted());
  await aws.run('s3', 'rm', '--recursive', '--only-show-errors', `s3://${bucket}/tree`);
  same(await aws.run('s3', 'ls', '--recursive', `s3://${bucket}`), '');
}

async function transfers({ aws, api, folder }: Stage, bucket: string): Promise<void> {
  const [big, back] = [join(folder, 'big'), join(folder, 'back')];
  plantBytes(big, 40 * MiB + 7, 'awscli');
  const hash = fileHash(big);
  await aws.run('s3', 'cp', '--only-show-errors', '--content-type', 'application/x-big', big, `s3://${bucket}/big`);
  const head = await api('head-object', '--bucket', bucket, '--key', 'big');
  told(String(head.ETag), /^"[0-9a-f]{32}-6"$/);
  same([head.ContentLength, head.ContentType], [40 * MiB + 7, 'application/x-big']);
  await aws.run('s3', 'cp', '--only-show-errors', `s3://${bucket}/big`, `s3://${bucket}/copied`);
  await aws.run('s3', 'mv', '--only-show-errors', `s3://${bucket}/copied`, `s3://${bucket}/moved`);
  await aws.refused(/\(404\)/, 's3api', 'head-object', '--bucket', bucket, '--key', 'copied');
  for (const key of ['big', 'moved']) {
    rmSync(back, { force: true });
    await aws.run('s3', 'cp', '--only-show-errors', `s3://${bucket}/${key}`, back);
    same([statSync(back).size, fileHash(back)], [40 * MiB + 7, hash]);
  }
  const text = 'streamed '.repeat(1_200_000);
  await aws.feed(text, 's3', 'cp', '--only-show-errors', '-', `s3://${bucket}/stream`);
  if ((await aws.run('s3', 'cp', `s3://${bucket}/stream`, '-')) !== text) throw new Error('the stream came back otherwise');
}

async function parts({ aws, api, folder }: Stage, bucket: string): Promise<void> {
  const at = ['--bucket', bucket, '--key', 'joined'];
  const made = join(folder, 'part');
  mkdirSync(made);
  const files = [1, 2, 3].map((number) => join(made, String(number)));
  files.forEach((file, index) => plantBytes(file, index < 2 ? 5 * MiB : 1000, `part ${index}`));
  await aws.run('s3', 'cp', '--only-show-errors', files[1] ?? '', `s3://${bucket}/source`);
  const { UploadId: id } = await api('create-multipart-upload', ...at, '--metadata', 'colour=green');
  const upload = [...at, '--upload-id', String(id)];
  const send = (number: number, file = '') => api('upload-part', ...upload, '--part-number', String(number), '--body', file);
  await send(1, files[2]);
  const first = await send(1, files[0]);
  const source = ['--copy-source', `${bucket}/source`, '--copy-source-range', `bytes=0-${5 * MiB - 1}`];
  const second = (await api('upload-part-copy', ...upload, '--part-number', '2', ...source)).CopyPartResult as { ETag: string };
  const third = await send(7, files[2]);
  const listed = await api('list-parts', ...upload, '--query', 'Parts[].[PartNumber,Size]');
  same(listed, [
    [1, 5 * MiB],
    [2, 5 * MiB],
    [7, 1000],
  ]);
  same(await api('list-multipart-uploads', '--bucket', bucket, '--query', 'Uploads[].[Key,UploadId]'), [['joined', id]]);
  const joined = [first, second, third].map(({ ETag }, index) => ({ ETag, PartNumber: [1, 2, 7][index] }));
  await aws.run('s3api', 'complete-multipart-upload', ...upload, '--multipart-upload', JSON.stringify({ Parts: joined }));
  const back = join(made, 'back');
  const got = await api('get-object', ...at, back);
  same([got.ContentLength, got.Metadata], [10 * MiB + 1000, { colour: 'green' }]);
  await api('get-object', ...at, '--part-number', '3', join(made, 'third'));
  same(fileHash(join(made, 'third')), fileHash(files[2] ?? ''));
  const { UploadId: other } = await api('create-multipart-upload', ...at);
  await aws.run('s3api', 'abort-multipart-upload', ...at, '--upload-id', String(other));
  await aws.refused(/NoSuchUpload/, 's3api', 'list-parts', ...at, '--upload-id', String(other));
}
