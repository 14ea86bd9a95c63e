import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credential } from '../place.ts';
import { same, type Tool } from '../tool.ts';
import type { Stage, Steps } from './stage.ts';

export function refusalSteps(stage: Stage): Steps {
  const { inBucket } = stage;
  return [
    ['a wrong secret and an unknown key are refused', () => inBucket((bucket) => unknown(stage, bucket))],
    ['a reader reads and does not write, and a stranger does neither', () => inBucket((bucket) => roles(stage, bucket))],
    ['a revoked key is refused on everything at once', () => inBucket((bucket) => revoked(stage, bucket))],
    ['over TLS s3cmd trusts the local authority, and nothing without it', () => inBucket((bucket) => secure(stage, bucket))],
  ];
}

const reads = (bucket: string) => [
  ['ls', bucket],
  ['get', '--force', `${bucket}/k`, '-'],
];
const writes = (bucket: string, file: string) => [
  ['put', file, `${bucket}/k`],
  ['del', `${bucket}/k`],
  ['cp', `${bucket}/k`, `${bucket}/copy`],
  ['rb', bucket],
];

async function refusedAll(tool: Tool, words: RegExp, all: readonly string[][]): Promise<void> {
  for (const argv of all) await tool.refused(words, ...argv);
}

/** Something is in the bucket, and is as it was afterwards. */
async function unharmed({ s3cmd, folder }: Stage, bucket: string, step: (file: string) => Promise<void>): Promise<void> {
  await s3cmd.feed('kept', 'put', '-', `${bucket}/k`);
  const file = join(folder, 'refused');
  writeFileSync(file, 'refused');
  await step(file);
  same(await s3cmd.run('-q', 'get', `${bucket}/k`, '-'), 'kept');
  same((await s3cmd.run('ls', bucket)).trim().split('\n').length, 1);
}

function unknown(stage: Stage, bucket: string): Promise<void> {
  const { cast, by } = stage;
  const { owner } = cast;
  const forged = (s3: Partial<Credential['s3']>) => by({ ...owner, s3: { ...owner.s3, ...s3 } });
  return unharmed(stage, bucket, async (file) => {
    const all = [...reads(bucket), ...writes(bucket, file)];
    await refusedAll(forged({ secretAccessKey: 'x'.repeat(40) }), /SignatureDoesNotMatch|403/, all);
    await refusedAll(forged({ accessKeyId: 'GMTA00000000000000AA' }), /InvalidAccessKeyId|403/, all);
  });
}

function roles(stage: Stage, bucket: string): Promise<void> {
  const { by, cast } = stage;
  return unharmed(stage, bucket, async (file) => {
    for (const argv of reads(bucket)) await by(cast.reader).run(...argv);
    await refusedAll(by(cast.reader), /AccessDenied|403/, writes(bucket, file));
    await refusedAll(by(cast.stranger), /AccessDenied|403/, [...reads(bucket), ...writes(bucket, file)]);
  });
}

function revoked(stage: Stage, bucket: string): Promise<void> {
  const { place, by } = stage;
  return unharmed(stage, bucket, async (file) => {
    const brief = await place.credential('--role', 'editor');
    for (const argv of reads(bucket)) await by(brief).run(...argv);
    await place.gamut('credential', 'revoke', brief.id);
    await refusedAll(by(brief), /InvalidAccessKeyId|403/, [...reads(bucket), ...writes(bucket, file)]);
  });
}

function secure(stage: Stage, bucket: string): Promise<void> {
  const { place, s3cmd } = stage;
  return unharmed(stage, bucket, async (file) => {
    const trusting = ['--ssl', `--ca-certs=${place.ca}`];
    await s3cmd.run(...trusting, 'put', file, `${bucket}/secure`);
    same(await s3cmd.run(...trusting, '-q', 'get', `${bucket}/secure`, '-'), 'refused');
    await s3cmd.refused(/CERTIFICATE_VERIFY_FAILED|certificate verify failed/i, '--ssl', 'ls', bucket);
    await s3cmd.run(...trusting, 'del', `${bucket}/secure`);
  });
}
