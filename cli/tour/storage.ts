import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { S3Client as Client } from '@aws-sdk/client-s3';
import { installation } from '#kernel/supervise/module.ts';
import type { Faces, Stage } from './stage.ts';

const atOnce = 8;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The files of this repository; of the package, when that is what runs. */
function tree(): string[] {
  try {
    return execFileSync('git', ['ls-files', '-z'], {
      cwd: installation,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 64 * 1024 * 1024,
    })
      .split('\0')
      .filter((path) => path !== '' && isFile(path));
  } catch {
    return readdirSync(installation, { recursive: true, encoding: 'utf8' }).filter(
      (path) => !path.startsWith('node_modules') && isFile(path),
    );
  }
}

const isFile = (path: string): boolean => statSync(join(installation, path), { throwIfNoEntry: false })?.isFile() ?? false;

async function each<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let at = next++; at < items.length; at = next++) await work(items[at] as T, at);
    }),
  );
}

/** A directory tree through the unmodified AWS SDK: stored, read back, listed, shared, refused, revoked. */
export async function storageScene(stage: Stage): Promise<void> {
  const { owner, reader } = stage.cast;
  if (!owner || !reader) throw new Error('The tour has no credentials.');
  const { S3Client, ...s3 } = await import('@aws-sdk/client-s3');
  const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
  const endpoint = stage.doors['storage.s3']?.url ?? '';
  const clientOf = ({ s3: { accessKeyId, secretAccessKey, region } }: Faces): Client =>
    new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
  const [mine, theirs] = [clientOf(owner), clientOf(reader)];
  const bucket = `tour-${stage.startedAt.toString(36)}`;
  stage.scene(`Object storage at ${endpoint}, by the unmodified AWS SDK`);
  await mine.send(new s3.CreateBucketCommand({ Bucket: bucket }));

  const files = tree();
  const hashes = new Map<string, string>();
  let bytes = 0;
  let done = 0;
  let began = performance.now();
  await each(files, async (path) => {
    const body = readFileSync(join(installation, path));
    hashes.set(path, sha256(body));
    bytes += body.length;
    await mine.send(new s3.PutObjectCommand({ Bucket: bucket, Key: path, Body: body }));
    stage.progress('stored', (done += 1), files.length);
  });
  stage.done(`stored ${files.length} files of this repository, ${(bytes / 1e6).toFixed(1)} MB, each on disk before its reply`, began);

  began = performance.now();
  done = 0;
  await each(files, async (path) => {
    const { Body } = await theirs.send(new s3.GetObjectCommand({ Bucket: bucket, Key: path }));
    const body = (await Body?.transformToByteArray()) ?? new Uint8Array();
    stage.assert(sha256(body) === hashes.get(path), `${path} came back changed`);
    stage.progress('read', (done += 1), files.length);
  });
  stage.done(`read them back with the reader's credential; every SHA-256 is right`, began);

  began = performance.now();
  const folders = await mine.send(new s3.ListObjectsV2Command({ Bucket: bucket, Delimiter: '/' }));
  stage.done(`listed: ${folders.CommonPrefixes?.map(({ Prefix }) => Prefix).join(' ')}`, began);

  began = performance.now();
  const sample = files.find((path) => path.endsWith('.md')) ?? files[0] ?? '';
  const url = await getSignedUrl(theirs as never, new s3.GetObjectCommand({ Bucket: bucket, Key: sample }) as never, { expiresIn: 300 });
  const shared = new Uint8Array(await (await fetch(url)).arrayBuffer());
  stage.assert(sha256(shared) === hashes.get(sample), 'the presigned URL gave other bytes');
  stage.done(`shared ${sample} by a presigned URL, fetched without a credential`, began);

  began = performance.now();
  const refused = await codeOf(theirs.send(new s3.PutObjectCommand({ Bucket: bucket, Key: 'no', Body: 'no' })));
  stage.assert(refused === 'AccessDenied', `the reader was not refused, but ${refused}`);
  stage.done(`the reader's PutObject is refused: ${refused}`, began);

  began = performance.now();
  await stage.admin.RevokeCredential(reader.id, {});
  const revoked = await codeOf(theirs.send(new s3.GetObjectCommand({ Bucket: bucket, Key: sample })));
  stage.assert(revoked !== undefined, 'the revoked credential still reads');
  stage.assert((await fetch(url)).status === 403, 'the URL presigned by the revoked credential still works');
  stage.done(`the reader is revoked; its GetObject and its presigned URL are refused: ${revoked}`, began);
}

/** The error's code, or undefined when there was none. */
async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return (error as { name?: string }).name;
  }
}
