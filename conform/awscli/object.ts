import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { same, together, until } from '../tool.ts';
import type { Stage, Steps } from './stage.ts';

const keys = [
  ' leading',
  'a//b',
  '/slash',
  'a/../b',
  'a+b c%20d',
  'emoji-😀',
  'e\u0301',
  'quote"\'`',
  '<xml>&amp;',
  'question?mark#hash',
  'back\\slash',
  'tab\tkey',
  'x'.repeat(1024),
] as const;

export function objectSteps(stage: Stage): Steps {
  const { inBucket } = stage;
  return [
    [
      'metadata and headers return as they were given, and a copy keeps or replaces them',
      () => inBucket((bucket) => metadata(stage, bucket)),
    ],
    ['ranges answer those bytes, and a range behind the end is refused', () => inBucket((bucket) => ranges(stage, bucket))],
    ['reads and writes keep their conditions', () => inBucket((bucket) => conditions(stage, bucket))],
    ['checksums of every kind are kept, and a wrong one is refused', () => inBucket((bucket) => checksums(stage, bucket))],
    ['keys of every odd kind are stored, read, listed and deleted together', () => inBucket((bucket) => oddKeys(stage, bucket))],
    ['a presigned address reads for anybody, and ends with its time', () => inBucket((bucket) => presigned(stage, bucket))],
  ];
}

async function metadata({ aws, api, folder }: Stage, bucket: string): Promise<void> {
  const body = join(folder, 'body');
  writeFileSync(body, 'body');
  const at = ['--bucket', bucket, '--key', 'k'];
  const given = [
    '--cache-control',
    'max-age=5',
    '--content-disposition',
    'inline',
    '--content-language',
    'de',
    '--content-encoding',
    'x-plain',
  ];
  await api('put-object', ...at, '--body', body, '--content-type', 'text/x-kind', '--metadata', 'colour=red,size=big', ...given);
  const seen = async (key: string) => {
    const head = await api('head-object', '--bucket', bucket, '--key', key);
    return [head.Metadata, head.ContentType, head.CacheControl, head.ContentDisposition, head.ContentLanguage, head.ContentEncoding];
  };
  const kept = [{ colour: 'red', size: 'big' }, 'text/x-kind', 'max-age=5', 'inline', 'de', 'x-plain'];
  same(await seen('k'), kept);
  const copy = ['--bucket', bucket, '--copy-source', `${bucket}/k`];
  await api('copy-object', ...copy, '--key', 'kept');
  same(await seen('kept'), kept);
  await api(
    'copy-object',
    ...copy,
    '--key',
    'new',
    '--metadata-directive',
    'REPLACE',
    '--metadata',
    'colour=blue',
    '--content-type',
    'a/b',
  );
  same(
    await seen('new'),
    [{ colour: 'blue' }, 'a/b', null, null, null, null].map((value) => value ?? undefined),
  );
  await aws.refused(/InvalidRequest/, 's3api', 'copy-object', ...copy, '--key', 'k');
}

async function ranges({ aws, api, folder }: Stage, bucket: string): Promise<void> {
  const [body, back] = [join(folder, 'digits'), join(folder, 'range')];
  writeFileSync(body, '0123456789');
  const at = ['--bucket', bucket, '--key', 'k'];
  await api('put-object', ...at, '--body', body);
  for (const [range, wanted, told] of [
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-4', '6789', 'bytes 6-9/10'],
    ['bytes=5-500', '56789', 'bytes 5-9/10'],
  ] as const) {
    const got = await api('get-object', ...at, '--range', range, back);
    same([readFileSync(back, 'utf8'), got.ContentRange], [wanted, told]);
  }
  await aws.refused(/InvalidRange/, 's3api', 'get-object', ...at, '--range', 'bytes=10-', back);
}

async function conditions({ aws, api, folder }: Stage, bucket: string): Promise<void> {
  const body = join(folder, 'conditional');
  writeFileSync(body, 'one');
  const at = ['--bucket', bucket, '--key', 'k'];
  const put = ['s3api', 'put-object', ...at, '--body', body];
  const { ETag: etag } = await api('put-object', ...at, '--body', body, '--if-none-match', '*');
  await aws.refused(/PreconditionFailed/, ...put, '--if-none-match', '*');
  const get = ['get-object', ...at];
  await api(...get, '--if-match', String(etag), join(folder, 'got'));
  await aws.refused(/PreconditionFailed/, 's3api', ...get, '--if-match', '"00000000000000000000000000000000"', join(folder, 'got'));
  await aws.refused(/\(304\)/, 's3api', ...get, '--if-none-match', String(etag), join(folder, 'got'));
  await aws.refused(/PreconditionFailed/, 's3api', ...get, '--if-unmodified-since', '2001-01-01T00:00:00Z', join(folder, 'got'));
}

async function checksums({ aws, api, folder }: Stage, bucket: string): Promise<void> {
  const body = join(folder, 'sum');
  writeFileSync(body, '123456789');
  const at = (key: string) => ['--bucket', bucket, '--key', key, '--body', body];
  // The check values of CRC-32 (ISO-HDLC) and of FIPS 180 for "123456789".
  const wanted = { CRC32: 'y/Q5Jg==', SHA1: '98O8HYCOBHMq32eZZczDTKeuNEE=', SHA256: 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=' };
  for (const [algorithm, sum] of Object.entries(wanted)) {
    await api('put-object', ...at(algorithm), '--checksum-algorithm', algorithm);
    const head = await api('head-object', '--bucket', bucket, '--key', algorithm, '--checksum-mode', 'ENABLED');
    same(head[`Checksum${algorithm}`], sum);
  }
  await aws.refused(/BadDigest|InvalidRequest/, 's3api', 'put-object', ...at('wrong'), '--checksum-sha256', `${'A'.repeat(43)}=`);
  await aws.refused(/BadDigest/, 's3api', 'put-object', ...at('wrong'), '--content-md5', 'AAAAAAAAAAAAAAAAAAAAAA==');
  await aws.refused(/\(404\)/, 's3api', 'head-object', '--bucket', bucket, '--key', 'wrong');
}

async function oddKeys({ api, folder }: Stage, bucket: string): Promise<void> {
  await together(keys, async (key) => {
    const file = join(folder, `odd-${keys.indexOf(key)}`);
    writeFileSync(file, `of ${key}`);
    await api('put-object', '--bucket', bucket, '--key', key, '--body', file);
    writeFileSync(file, '');
    await api('get-object', '--bucket', bucket, '--key', key, file);
    same(readFileSync(file, 'utf8'), `of ${key}`);
  });
  const byBytes = [...keys].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  same(await api('list-objects-v2', '--bucket', bucket, '--query', 'Contents[].Key'), byBytes);
  const all = JSON.stringify({ Objects: [...keys, 'never-there'].map((Key) => ({ Key })) });
  const gone = await api('delete-objects', '--bucket', bucket, '--delete', all);
  same([(gone.Deleted as unknown[]).length, gone.Errors], [keys.length + 1, undefined]);
  same((await api('list-objects-v2', '--bucket', bucket)).Contents, undefined);
}

async function presigned({ aws, folder }: Stage, bucket: string): Promise<void> {
  const key = 'a b/ü+%&.txt';
  const body = join(folder, 'shared');
  writeFileSync(body, 'for everybody');
  await aws.run('s3', 'cp', '--only-show-errors', body, `s3://${bucket}/${key}`);
  const address = (await aws.run('s3', 'presign', `s3://${bucket}/${key}`, '--expires-in', '600')).trim();
  const got = await fetch(address);
  same([got.status, await got.text()], [200, 'for everybody']);
  same((await fetch(address, { method: 'PUT', body: 'x' })).status, 403);
  same((await fetch(address.replace('X-Amz-Expires=600', 'X-Amz-Expires=6000'))).status, 403);
  same((await fetch(address.replace('a%20b', 'a%20c'))).status, 403);
  const short = (await aws.run('s3', 'presign', `s3://${bucket}/${key}`, '--expires-in', '1')).trim();
  await until('the address has expired', async () => {
    const late = await fetch(short);
    return late.status === 403 && /Request has expired/.test(await late.text());
  });
}
