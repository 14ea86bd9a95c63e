import { bucketName, type Cast, castOf } from '../cast.ts';
import type { Credential, Place } from '../place.ts';
import { type Tool, toolOf } from '../tool.ts';

export type Stage = {
  readonly place: Place;
  readonly cast: Cast;
  readonly folder: string;
  /** The command with the owner's key pair as the remote `g:`. */
  readonly rclone: Tool;
  by(credential: Credential): Tool;
  /** Makes a bucket, gives it as `g:<bucket>`, and purges it when the step is over. */
  inBucket(step: (remote: string) => Promise<void>): Promise<void>;
};

export type Steps = readonly (readonly [title: string, step: () => Promise<void>])[];

export async function openStage(place: Place): Promise<Stage> {
  const cast = await castOf(place);
  const by = ({ s3 }: Credential) =>
    toolOf(['rclone', '--retries', '1', '--low-level-retries', '1'], {
      cwd: place.folder,
      env: {
        RCLONE_CONFIG: '/dev/null',
        // rclone refuses to start where the environment names an authority for AWS.
        AWS_CA_BUNDLE: '',
        RCLONE_CONFIG_G_TYPE: 's3',
        RCLONE_CONFIG_G_PROVIDER: 'Other',
        RCLONE_CONFIG_G_ENDPOINT: s3.endpoint,
        RCLONE_CONFIG_G_REGION: s3.region,
        RCLONE_CONFIG_G_ACCESS_KEY_ID: s3.accessKeyId,
        RCLONE_CONFIG_G_SECRET_ACCESS_KEY: s3.secretAccessKey,
      },
    });
  const rclone = by(cast.owner);
  return {
    place,
    cast,
    folder: place.folder,
    rclone,
    by,
    async inBucket(step) {
      const remote = `g:${bucketName()}`;
      await rclone.run('mkdir', remote);
      await step(remote);
      await rclone.run('purge', remote);
    },
  };
}

export type Listed = {
  readonly Path: string;
  readonly Size: number;
  readonly ModTime: string;
  readonly IsDir: boolean;
  readonly MimeType?: string;
  readonly Hashes?: { readonly md5?: string };
  readonly Metadata?: Readonly<Record<string, string>>;
};

export async function listed(tool: Tool, ...words: string[]): Promise<Listed[]> {
  return JSON.parse(await tool.run('lsjson', ...words)) as Listed[];
}
