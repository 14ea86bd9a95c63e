import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bucketName, type Cast, castOf } from '../cast.ts';
import type { Credential, Place } from '../place.ts';
import { type Tool, toolOf } from '../tool.ts';

export type Stage = {
  readonly place: Place;
  readonly cast: Cast;
  readonly folder: string;
  /** The command with the owner's key pair. */
  readonly s3cmd: Tool;
  by(credential: Credential): Tool;
  /** Makes a bucket, gives it as `s3://<bucket>`, and removes it with all that is in it when the step is over. */
  inBucket(step: (bucket: string) => Promise<void>): Promise<void>;
};

export type Steps = readonly (readonly [title: string, step: () => Promise<void>])[];

let files = 0;

export async function openStage(place: Place): Promise<Stage> {
  const cast = await castOf(place);
  const { folder } = place;
  const by = ({ s3 }: Credential) => {
    const host = new URL(s3.endpoint).host;
    const file = join(folder, `s3cfg-${(files += 1)}`);
    const lines = {
      access_key: s3.accessKeyId,
      secret_key: s3.secretAccessKey,
      bucket_location: s3.region,
      // Without a place for the bucket's name in it, s3cmd writes the name into the path.
      host_base: host,
      host_bucket: host,
      use_https: 'False',
      max_retries: '1',
    };
    writeFileSync(
      file,
      `[default]\n${Object.entries(lines)
        .map(([name, value]) => `${name} = ${value}\n`)
        .join('')}`,
    );
    return toolOf(['s3cmd', '-c', file, '--no-progress'], { cwd: folder, env: { LC_ALL: 'C.UTF-8' } });
  };
  const s3cmd = by(cast.owner);
  return {
    place,
    cast,
    folder,
    s3cmd,
    by,
    async inBucket(step) {
      const bucket = `s3://${bucketName()}`;
      await s3cmd.run('mb', bucket);
      await step(bucket);
      await s3cmd.run('rb', '--force', '--recursive', bucket);
    },
  };
}

/** The sizes and addresses of a listing. */
export async function listed(tool: Tool, ...words: string[]): Promise<string[]> {
  const lines = (await tool.run('ls', ...words)).split('\n').filter((line) => line !== '');
  return lines.map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d +/, '').trim());
}
