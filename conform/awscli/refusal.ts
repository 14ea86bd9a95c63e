import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credential } from '../place.ts';
import { same, together, type Tool, told } from '../tool.ts';
import type { Stage, Steps } from './stage.ts';

export function refusalSteps(stage: Stage): Steps {
  const { inBucket } = stage;
  return [
    ['a wrong secret, an unknown key and no key are refused', () => inBucket((bucket) => unknown(stage, bucket))],
    ['a reader reads and does not write, and a stranger does neither', () => inBucket((bucket) => roles(stage, bucket))],
    ['a revoked key is refused on everything at once, its presigned addresses too', () => inBucket((bucket) => revoked(stage, bucket))],
    ['over TLS the command trusts the local authority, and nothing without it', () => inBucket((bucket) => secure(stage, bucket))],
  ];
}

const reads = (bucket: string) => [
  ['s3', 'ls', `s3://${bucket}`],
  ['s3', 'cp', `s3://${bucket}/k`, '-'],
  ['s3', 'ls'],
];
const writes = (bucket: string) => [
  ['s3', 'rm', `s3://${bucket}/k`],
  ['s3', 'cp', `s3://${bucket}/k`, `s3://${bucket}/copy`],
  ['s3api', 'put-object', '--bucket', bucket, '--key', 'k'],
  ['s3api', 'create-multipart-upload', '--bucket', bucket, '--key', 'k'],
  ['s3api', 'delete-bucket', '--bucket', bucket],
];

async function refusedAll(tool: Tool, words: RegExp, all: readonly string[][]): Promise<void> {
  await together(all, (argv) => tool.refused(words, ...argv));
}

/** Something is in the bucket, and is as it was afterwards. */
async function unharmed({ aws }: Stage, bucket: string, step: () => Promise<void>): Promise<void> {
  await aws.feed('kept', 's3', 'cp', '-', `s3://${bucket}/k`);
  await step();
  same(await aws.run('s3', 'cp', `s3://${bucket}/k`, '-'), 'kept');
  told(await aws.run('s3', 'ls', '--summarize', `s3://${bucket}`), /Total Objects: 1\n/);
}

function unknown(stage: Stage, bucket: string): Promise<void> {
  const { cast, by, aws } = stage;
  const { owner } = cast;
  const forged = (s3: Partial<Credential['s3']>) => by({ ...owner, s3: { ...owner.s3, ...s3 } });
  const all = [...reads(bucket), ...writes(bucket).slice(0, 3)];
  // What the command heads before it copies is answered without a body, so without a code.
  return unharmed(stage, bucket, async () => {
    await refusedAll(forged({ secretAccessKey: 'x'.repeat(40) }), /SignatureDoesNotMatch|\(403\).*HeadObject/, all);
    await refusedAll(forged({ accessKeyId: 'GMTA00000000000000AA' }), /InvalidAccessKeyId|\(403\).*HeadObject/, all);
    await refusedAll(
      aws,
      /AccessDenied|\(403\).*HeadObject/,
      all.map((argv) => [...argv, '--no-sign-request']),
    );
  });
}

function roles(stage: Stage, bucket: string): Promise<void> {
  const { by, cast } = stage;
  return unharmed(stage, bucket, async () => {
    for (const argv of reads(bucket)) await by(cast.reader).run(...argv);
    await refusedAll(by(cast.reader), /AccessDenied/, writes(bucket));
    await refusedAll(by(cast.stranger), /AccessDenied|\(403\).*HeadObject/, [...reads(bucket).slice(0, 2), ...writes(bucket)]);
    if ((await by(cast.stranger).run('s3', 'ls')).includes(bucket)) throw new Error('a stranger is told of the bucket');
  });
}

function revoked(stage: Stage, bucket: string): Promise<void> {
  const { place, by } = stage;
  return unharmed(stage, bucket, async () => {
    const brief = await place.credential('--role', 'editor');
    const tool = by(brief);
    for (const argv of reads(bucket)) await tool.run(...argv);
    const address = (await tool.run('s3', 'presign', `s3://${bucket}/k`)).trim();
    same((await fetch(address)).status, 200);
    await place.gamut('credential', 'revoke', brief.id);
    const after = await fetch(address);
    same(after.status, 403);
    await refusedAll(tool, /InvalidAccessKeyId|\(403\).*HeadObject/, [...reads(bucket), ...writes(bucket)]);
  });
}

function secure(stage: Stage, bucket: string): Promise<void> {
  const { place, by, cast, folder } = stage;
  const { owner } = cast;
  const tool = by({ ...owner, s3: { ...owner.s3, endpoint: owner.s3.endpoint.replace('http:', 'https:') } });
  return unharmed(stage, bucket, async () => {
    const file = join(folder, 'secure');
    writeFileSync(file, 'over TLS');
    await tool.run('--ca-bundle', place.ca, 's3', 'cp', '--only-show-errors', file, `s3://${bucket}/secure`);
    same(await tool.run('--ca-bundle', place.ca, 's3', 'cp', `s3://${bucket}/secure`, '-'), 'over TLS');
    await tool.refused(/certificate verify failed/i, 's3', 'ls', `s3://${bucket}`);
    await tool.run('--ca-bundle', place.ca, 's3', 'rm', `s3://${bucket}/secure`);
  });
}
