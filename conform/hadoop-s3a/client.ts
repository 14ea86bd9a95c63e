import { fileURLToPath } from 'node:url';
import { bucketName, castOf } from '../cast.ts';
import type { Client } from '../client.ts';
import { javaProgram, mavenClassPath, mavenJar } from '../java.ts';
import { lineChecks } from '../line.ts';

const source = fileURLToPath(new URL('./program/Checks.java', import.meta.url));
const [hadoop, sdk] = ['3.5.0', '2.35.4'];
const s3a = `org.apache.hadoop:hadoop-aws:${hadoop}`;

/** What S3A needs. It names one jar of every service of AWS; these are the parts of it that it uses. */
const libraries = [
  `org.apache.hadoop:hadoop-client-api:${hadoop}`,
  `org.apache.hadoop:hadoop-client-runtime:${hadoop}`,
  'org.apache.commons:commons-lang3:3.18.0',
  'software.amazon.s3.analyticsaccelerator:analyticsaccelerator-s3:1.3.0',
  ...['s3', 's3-transfer-manager', 'sts', 'apache-client', 'netty-nio-client'].map((name) => `software.amazon.awssdk:${name}:${sdk}`),
];

/** The jar of S3A, and the class path of all together. */
async function found(): Promise<{ version: string; path: string } | { skip: string }> {
  const jar = await mavenJar(s3a);
  if ('skip' in jar) return jar;
  const more = await mavenClassPath('hadoop-s3a', libraries);
  return 'skip' in more ? more : { version: jar.version, path: `${jar.jar}:${more.classPath}` };
}

/** Hadoop's S3A file system, on the AWS SDK for Java. */
export const client: Client = {
  name: 'hadoop-s3a',
  setup: found,
  async run(place) {
    const there = await found();
    if ('skip' in there) throw new Error(there.skip);
    const { owner, reader } = await castOf(place);
    const bucket = bucketName();
    await place.gamut('storage', 'create-bucket', bucket);
    const { endpoint, region, ...keys } = owner.s3;
    const pairs = [keys, reader.s3].flatMap(({ accessKeyId, secretAccessKey }) => [accessKeyId, secretAccessKey]);
    return { checks: await lineChecks([...javaProgram(there.path, source), endpoint, region, bucket, ...pairs]) };
  },
};
