import type { ConnectFacts, ConnectLine } from '#console/service-page.ts';

/** Lines that make S3 clients use this door, ready to paste. */
export function connectS3({ accessKeyId, secretAccessKey, region, endpoint, bearer }: ConnectFacts): readonly ConnectLine[] {
  const host = endpoint.replace(/^https?:\/\//, '');
  const tls = endpoint.startsWith('https:');
  return [
    {
      client: 'aws cli',
      text: `export AWS_ACCESS_KEY_ID=${accessKeyId}\nexport AWS_SECRET_ACCESS_KEY=${secretAccessKey}\nexport AWS_DEFAULT_REGION=${region}\nexport AWS_ENDPOINT_URL=${endpoint}\naws s3 ls`,
    },
    {
      client: 'boto3',
      text: `import boto3\n\ns3 = boto3.client(\n    "s3",\n    endpoint_url="${endpoint}",\n    region_name="${region}",\n    aws_access_key_id="${accessKeyId}",\n    aws_secret_access_key="${secretAccessKey}",\n)\nprint(s3.list_buckets()["Buckets"])`,
    },
    {
      client: '@aws-sdk/client-s3',
      text: `import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';\n\nconst s3 = new S3Client({\n  endpoint: '${endpoint}',\n  region: '${region}',\n  forcePathStyle: true,\n  credentials: {\n    accessKeyId: '${accessKeyId}',\n    secretAccessKey: '${secretAccessKey}',\n  },\n});\nconsole.log((await s3.send(new ListBucketsCommand())).Buckets);`,
    },
    {
      client: 'rclone',
      text: `rclone config create gamut s3 \\\n  provider=Other \\\n  endpoint=${endpoint} \\\n  region=${region} \\\n  access_key_id=${accessKeyId} \\\n  secret_access_key=${secretAccessKey}\nrclone lsd gamut:`,
    },
    {
      client: 's3cmd',
      text: `s3cmd ls \\\n  --access_key=${accessKeyId} \\\n  --secret_key=${secretAccessKey} \\\n  --region=${region} \\\n  --host=${host} \\\n  --host-bucket=${host} \\\n  ${tls ? '--ssl' : '--no-ssl'}`,
    },
    {
      client: 'curl',
      text: `curl ${endpoint}/ \\\n  --aws-sigv4 "aws:amz:${region}:s3" \\\n  --user "${accessKeyId}:${secretAccessKey}"\n\n# or by the bearer face\ncurl ${endpoint}/ -H 'Authorization: Bearer ${bearer}'`,
    },
  ];
}
