import type { ConnectFacts, ConnectLine } from '#console/service-page.ts';

/** Lines that make S3 clients use this door, ready to paste. */
export function connectS3({ accessKeyId, secretAccessKey, region, endpoint, bearer }: ConnectFacts): readonly ConnectLine[] {
  const host = endpoint.replace(/^https?:\/\//, '');
  const tls = endpoint.startsWith('https:');
  return [
    {
      client: 'aws cli',
      text: [
        `export AWS_ACCESS_KEY_ID=${accessKeyId}`,
        `export AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
        `export AWS_DEFAULT_REGION=${region}`,
        `export AWS_ENDPOINT_URL=${endpoint}`,
        'aws s3 ls',
      ].join('\n'),
    },
    {
      client: 'boto3',
      text: [
        'import boto3',
        '',
        's3 = boto3.client(',
        '    "s3",',
        `    endpoint_url="${endpoint}",`,
        `    region_name="${region}",`,
        `    aws_access_key_id="${accessKeyId}",`,
        `    aws_secret_access_key="${secretAccessKey}",`,
        ')',
        'print(s3.list_buckets()["Buckets"])',
      ].join('\n'),
    },
    {
      client: '@aws-sdk/client-s3',
      text: [
        "import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';",
        '',
        'const s3 = new S3Client({',
        `  endpoint: '${endpoint}',`,
        `  region: '${region}',`,
        '  forcePathStyle: true,',
        '  credentials: {',
        `    accessKeyId: '${accessKeyId}',`,
        `    secretAccessKey: '${secretAccessKey}',`,
        '  },',
        '});',
        'console.log((await s3.send(new ListBucketsCommand())).Buckets);',
      ].join('\n'),
    },
    {
      client: 'rclone',
      text: [
        'rclone config create gamut s3 \\',
        '  provider=Other \\',
        `  endpoint=${endpoint} \\`,
        `  region=${region} \\`,
        `  access_key_id=${accessKeyId} \\`,
        `  secret_access_key=${secretAccessKey}`,
        'rclone lsd gamut:',
      ].join('\n'),
    },
    {
      client: 's3cmd',
      text: [
        's3cmd ls \\',
        `  --access_key=${accessKeyId} \\`,
        `  --secret_key=${secretAccessKey} \\`,
        `  --region=${region} \\`,
        `  --host=${host} \\`,
        `  --host-bucket=${host} \\`,
        `  ${tls ? '--ssl' : '--no-ssl'}`,
      ].join('\n'),
    },
    {
      client: 'curl',
      text: [
        `curl ${endpoint}/ \\`,
        `  --aws-sigv4 "aws:amz:${region}:s3" \\`,
        `  --user "${accessKeyId}:${secretAccessKey}"`,
        '',
        '# or by the bearer face',
        `curl ${endpoint}/ -H 'Authorization: Bearer ${bearer}'`,
      ].join('\n'),
    },
  ];
}
