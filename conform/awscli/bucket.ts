import { bucketName } from '../cast.ts';
import { same, told } from '../tool.ts';
import type { Stage, Steps } from './stage.ts';

export function bucketSteps({ aws, api, by, cast, inBucket }: Stage): Steps {
  return [
    [
      'buckets are made, listed, headed and removed, and one that is gone is not found',
      async () => {
        const bucket = bucketName();
        told(await aws.run('s3', 'mb', `s3://${bucket}`), /^make_bucket: /);
        told(await aws.run('s3', 'ls'), new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d ${bucket}$`, 'm'));
        await aws.run('s3api', 'head-bucket', '--bucket', bucket);
        told(await aws.run('s3', 'rb', `s3://${bucket}`), /^remove_bucket: /);
        await aws.refused(/\(404\).*Not Found/, 's3api', 'head-bucket', '--bucket', bucket);
        await aws.refused(/NoSuchBucket/, 's3', 'ls', `s3://${bucket}`);
      },
    ],
    [
      'a bucket that holds something is removed by force only',
      async () => {
        const bucket = bucketName();
        await aws.run('s3', 'mb', `s3://${bucket}`);
        await aws.feed('x', 's3', 'cp', '-', `s3://${bucket}/k`);
        await aws.refused(/BucketNotEmpty/, 's3', 'rb', `s3://${bucket}`);
        told(await aws.run('s3', 'rb', '--force', `s3://${bucket}`), /delete: .*\/k\s[^]*remove_bucket: /);
      },
    ],
    [
      'a name that is taken is refused, to its owner and to others',
      () =>
        inBucket(async (bucket) => {
          await by(cast.stranger).refused(/BucketAlreadyExists\b/, 's3', 'mb', `s3://${bucket}`);
          // S3's oldest region lets an owner make a bucket again, as long as nobody is let in by it.
          await aws.run('s3api', 'create-bucket', '--bucket', bucket);
          await aws.refused(/BucketAlreadyExists/, 's3api', 'create-bucket', '--bucket', bucket, '--acl', 'public-read');
          await aws.refused(/InvalidBucketName/, 's3api', 'create-bucket', '--bucket', 'No_Bucket');
        }),
    ],
    [
      'keys are listed by prefix, folded by a delimiter, and page by page',
      () =>
        inBucket(async (bucket) => {
          for (const key of ['a/1', 'a/2', 'a/b/3', 'c', 'd/4']) await aws.feed(key, 's3', 'cp', '-', `s3://${bucket}/${key}`);
          const folded = await api('list-objects-v2', '--bucket', bucket, '--delimiter', '/');
          same(
            [folded.CommonPrefixes, (folded.Contents as { Key: string }[]).map(({ Key }) => Key)],
            [[{ Prefix: 'a/' }, { Prefix: 'd/' }], ['c']],
          );
          told(await aws.run('s3', 'ls', `s3://${bucket}/a/`), /^ +PRE b\/\n.* 3 1\n.* 3 2\n$/);
          const keys = 'Contents[].Key';
          const paged = await api('list-objects-v2', '--bucket', bucket, '--page-size', '2', '--query', keys);
          same(paged, ['a/1', 'a/2', 'a/b/3', 'c', 'd/4']);
          const first = await api('list-objects', '--bucket', bucket, '--max-items', '2');
          const rest = ['--starting-token', String(first.NextToken), '--query', keys];
          same(await api('list-objects', '--bucket', bucket, ...rest), ['a/b/3', 'c', 'd/4']);
          told(await aws.run('s3', 'ls', '--recursive', '--summarize', `s3://${bucket}`), /Total Objects: 5\n +Total Size: 15\n/);
        }),
    ],
  ];
}
