import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credential } from '../place.ts';
import { same, type Tool } from '../tool.ts';
import type { Stage, Steps } from './stage.ts';

export function refusalSteps(stage: Stage): Steps {
  const { inBucket } = stage;
  return [
    ['a wrong secret and an unknown key are refused', () => inBucket((remote) => unknown(stage, remote))],
    ['a reader reads and does not write, and a stranger does neither', () => inBucket((remote) => roles(stage, remote))],
    ['a revoked key is refused on everything at once, its links too', () => inBucket((remote) => revoked(stage, remote))],
    ['over TLS rclone trusts the local authority, and nothing without it', () => inBucket((remote) => secure(stage, remote))],
  ];
}

const reads = (remote: string) => [
  ['lsf', remote],
  ['cat', `${remote}/k`],
  ['lsjson', '-R', remote],
];

async function refusedReads(tool: Tool, remote: string, words: RegExp): Promise<void> {
  for (const argv of reads(remote)) await tool.refused(words, ...argv);
}

async function refusedWrites(tool: Tool, folder: string, remote: string, words: RegExp): Promise<void> {
  const file = join(folder, 'refused');
  writeFileSync(file, 'refused');
  await tool.refused(words, 'copyto', '--no-check-dest', '--s3-no-check-bucket', file, `${remote}/k`);
  await tool.refused(words, 'copyto', '--no-check-dest', '--s3-no-check-bucket', '--s3-upload-cutoff', '0', file, `${remote}/k`);
  await tool.refused(words, 'mkdir', `${remote}-more`);
}

/** Something is in the bucket, and is as it was afterwards. */
async function unharmed({ rclone }: Stage, remote: string, step: () => Promise<void>): Promise<void> {
  await rclone.feed('kept', 'rcat', `${remote}/k`);
  await step();
  same([await rclone.run('cat', `${remote}/k`), await rclone.run('lsf', remote)], ['kept', 'k\n']);
}

function unknown(stage: Stage, remote: string): Promise<void> {
  const { cast, by, folder } = stage;
  const { owner } = cast;
  const forged = (s3: Partial<Credential['s3']>) => by({ ...owner, s3: { ...owner.s3, ...s3 } });
  return unharmed(stage, remote, async () => {
    for (const [tool, words] of [
      [forged({ secretAccessKey: 'x'.repeat(40) }), /SignatureDoesNotMatch|Forbidden/],
      [forged({ accessKeyId: 'GMTA00000000000000AA' }), /InvalidAccessKeyId|Forbidden/],
    ] as const) {
      await refusedReads(tool, remote, words);
      await refusedWrites(tool, folder, remote, words);
    }
  });
}

function roles(stage: Stage, remote: string): Promise<void> {
  const { by, cast, folder } = stage;
  return unharmed(stage, remote, async () => {
    for (const argv of reads(remote)) await by(cast.reader).run(...argv);
    await refusedWrites(by(cast.reader), folder, remote, /AccessDenied|Forbidden/);
    await by(cast.reader).refused(/AccessDenied|Forbidden/, 'deletefile', `${remote}/k`);
    await refusedReads(by(cast.stranger), remote, /AccessDenied|Forbidden/);
    // It looks first, and takes what it may not see for nothing.
    await by(cast.stranger).refused(/AccessDenied|Forbidden|doesn't exist/, 'deletefile', `${remote}/k`);
  });
}

function revoked(stage: Stage, remote: string): Promise<void> {
  const { place, by, folder } = stage;
  return unharmed(stage, remote, async () => {
    const brief = await place.credential('--role', 'editor');
    const tool = by(brief);
    for (const argv of reads(remote)) await tool.run(...argv);
    const address = (await tool.run('link', `${remote}/k`)).trim();
    same((await fetch(address)).status, 200);
    await place.gamut('credential', 'revoke', brief.id);
    same((await fetch(address)).status, 403);
    await refusedReads(tool, remote, /InvalidAccessKeyId|Forbidden/);
    await refusedWrites(tool, folder, remote, /InvalidAccessKeyId|Forbidden/);
  });
}

function secure(stage: Stage, remote: string): Promise<void> {
  const { place, by, cast } = stage;
  const { owner } = cast;
  const tool = by({ ...owner, s3: { ...owner.s3, endpoint: owner.s3.endpoint.replace('http:', 'https:') } });
  return unharmed(stage, remote, async () => {
    await tool.feed('over TLS', '--ca-cert', place.ca, 'rcat', `${remote}/secure`);
    same(await tool.run('--ca-cert', place.ca, 'cat', `${remote}/secure`), 'over TLS');
    await tool.refused(/certificate signed by unknown authority|certificate is not trusted/, 'lsf', remote);
    await tool.run('--ca-cert', place.ca, 'deletefile', `${remote}/secure`);
  });
}
