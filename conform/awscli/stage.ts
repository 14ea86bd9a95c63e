import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bucketName, type Cast, castOf } from '../cast.ts';
import type { Credential, Place } from '../place.ts';
import { pythonProgram } from '../python.ts';
import { type Tool, toolOf } from '../tool.ts';

export type Stage = {
  readonly place: Place;
  readonly cast: Cast;
  readonly folder: string;
  /** The command with the owner's key pair. */
  readonly aws: Tool;
  by(credential: Credential): Tool;
  /** What `s3api` answers, parsed; nothing is an empty object. */
  api(...words: string[]): Promise<Answer>;
  /** Makes a bucket and removes it with all that is in it when the step is over. */
  inBucket(step: (bucket: string) => Promise<void>): Promise<void>;
};

/** Fields of an answer are read as they come. */
export type Answer = { readonly [field: string]: unknown };
export type Steps = readonly (readonly [title: string, step: () => Promise<void>])[];

// What a stranger writes who wants signatures of version 4 for addresses too; all else is the command's default.
const config = '[default]\noutput = json\ns3 =\n  signature_version = s3v4\n  addressing_style = path\n';

export async function openStage(place: Place): Promise<Stage> {
  const cast = await castOf(place);
  const { folder } = place;
  const file = join(folder, 'config');
  writeFileSync(file, config);
  const by = ({ s3 }: Credential) =>
    toolOf([pythonProgram('aws'), '--endpoint-url', s3.endpoint], {
      cwd: folder,
      env: {
        AWS_CONFIG_FILE: file,
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_ACCESS_KEY_ID: s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        AWS_DEFAULT_REGION: s3.region,
        AWS_MAX_ATTEMPTS: '1',
        AWS_PAGER: '',
      },
    });
  const aws = by(cast.owner);
  return {
    place,
    cast,
    folder,
    aws,
    by,
    api: async (...words) => JSON.parse((await aws.run('s3api', ...words)) || '{}') as Answer,
    async inBucket(step) {
      const bucket = bucketName();
      await aws.run('s3', 'mb', `s3://${bucket}`);
      await step(bucket);
      await aws.run('s3', 'rb', '--force', `s3://${bucket}`);
    },
  };
}
