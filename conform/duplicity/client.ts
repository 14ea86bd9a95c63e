import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bucketName, castOf } from '../cast.ts';
import { type Client, checksOf } from '../client.ts';
import { debianPackage } from '../debian.ts';
import type { Credential, Place } from '../place.ts';
import { same, type Tool, told, toolOf } from '../tool.ts';
import { plantBytes, plantTree, sameTrees } from '../tree.ts';

const MiB = 1024 * 1024;

/** duplicity over Debian's boto3: archives of a tree, full and incremental, in volumes. */
export const client: Client = {
  name: 'duplicity',
  async setup() {
    const library = await debianPackage('python3-boto3');
    return 'skip' in library ? library : debianPackage('duplicity');
  },
  async run(place) {
    const { owner, reader, stranger } = await castOf(place);
    const bucket = bucketName();
    await place.gamut('storage', 'create-bucket', bucket);
    const stage: Stage = { folder: place.folder, bucket, duplicity: duplicityBy(place, owner) };
    return {
      checks: await checksOf([
        ['a tree is archived in volumes that go up in parts, verified and restored with the same hashes', () => backsUp(stage)],
        ['an increment is added, and each moment is restored as it was', () => increments(stage)],
        ['files are listed and one is fetched', () => fetches(stage)],
        ['the chain is told to a machine that has no cache of it', () => elsewhere(stage, duplicityBy(place, owner, 'elsewhere'))],
        ['a new full archive lets old chains be removed', () => removes(stage)],
        ['archives go to a class of storage that is named', () => classes(stage, place)],
        [
          'a reader restores and does not archive, a stranger and a wrong secret do neither',
          () => refuses(stage, place, { reader, stranger, owner }),
        ],
      ]),
    };
  },
};

type Stage = { readonly folder: string; readonly bucket: string; readonly duplicity: Tool };

/** The command with a key pair, and a cache of its own under this name. */
function duplicityBy({ folder }: Place, { s3 }: Credential, cache = 'cache'): Tool {
  const where = ['--s3-endpoint-url', s3.endpoint, '--s3-region-name', s3.region, '--s3-multipart-chunk-size', '5'];
  return toolOf(['duplicity', '--no-encryption', '--num-retries', '1', '--archive-dir', join(folder, cache), ...where], {
    cwd: folder,
    env: {
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
    },
  });
}

const address = ({ bucket }: Stage, folder: string): string => `boto3+s3://${bucket}/${folder}`;

async function backsUp(stage: Stage): Promise<void> {
  const { duplicity, folder } = stage;
  const [up, down] = [join(folder, 'up'), join(folder, 'down')];
  plantTree(up);
  rmSync(join(up, 'services'), { recursive: true });
  plantBytes(join(up, 'big'), 14 * MiB + 7, 'duplicity');
  await duplicity.run('full', '--volsize', '7', up, address(stage, 'chain'));
  told(await duplicity.run('verify', '--compare-data', address(stage, 'chain'), up), /0 differences found/);
  await duplicity.run('restore', address(stage, 'chain'), down);
  sameTrees(down, up);
}

async function increments(stage: Stage): Promise<void> {
  const { duplicity, folder } = stage;
  const up = join(folder, 'up');
  appendFileSync(join(up, 'odd', 'with space'), 'and more');
  rmSync(join(up, 'kernel'), { recursive: true });
  told(await duplicity.run('incremental', up, address(stage, 'chain')), /ChangedFiles [1-9]/);
  await duplicity.run('restore', address(stage, 'chain'), join(folder, 'newest'));
  sameTrees(join(folder, 'newest'), up);
  const [full = ''] = timesOf(await duplicity.run('collection-status', address(stage, 'chain')));
  await duplicity.run('restore', '--time', String(Date.parse(full) / 1000), address(stage, 'chain'), join(folder, 'oldest'));
  sameTrees(join(folder, 'oldest'), join(folder, 'down'));
}

/** When the sets of a chain were made, as `collection-status` tells it. */
const timesOf = (status: string): string[] => [...status.matchAll(/^ +(?:Full|Incremental) +(.*?) {3,}/gm)].map(([, time = '']) => time);

async function fetches(stage: Stage): Promise<void> {
  const { duplicity, folder } = stage;
  const files = await duplicity.run('list-current-files', address(stage, 'chain'));
  told(files, /odd\/ünïcödé\/日本語\/キー\.txt/);
  same(files.includes('kernel/'), false);
  await duplicity.run('restore', '--file-to-restore', 'odd', address(stage, 'chain'), join(folder, 'odd'));
  sameTrees(join(folder, 'odd'), join(folder, 'up', 'odd'));
}

async function elsewhere(stage: Stage, duplicity: Tool): Promise<void> {
  const status = await duplicity.run('collection-status', address(stage, 'chain'));
  same(timesOf(status).length, 2);
  await duplicity.run('restore', '--file-to-restore', 'big', address(stage, 'chain'), join(stage.folder, 'one'));
}

async function removes(stage: Stage): Promise<void> {
  const { duplicity, folder } = stage;
  await duplicity.run('full', join(folder, 'up', 'odd'), address(stage, 'chain'));
  await duplicity.run('remove-all-but-n-full', '1', '--force', address(stage, 'chain'));
  same(timesOf(await duplicity.run('collection-status', address(stage, 'chain'))).length, 1);
  await duplicity.run('restore', address(stage, 'chain'), join(folder, 'last'));
  sameTrees(join(folder, 'last'), join(folder, 'up', 'odd'));
}

async function classes(stage: Stage, place: Place): Promise<void> {
  const { duplicity, folder, bucket } = stage;
  await duplicity.run('full', '--s3-use-ia', join(folder, 'up', 'odd'), address(stage, 'rare'));
  const { items } = JSON.parse(await place.gamut('storage', 'list-objects', bucket, '--prefix', 'rare/')) as Listing;
  same([...new Set(items.map(({ storageClass }) => storageClass))], ['STANDARD_IA']);
}

type Listing = { readonly items: readonly { readonly storageClass: string }[] };

async function refuses(
  stage: Stage,
  place: Place,
  { reader, stranger, owner }: Record<'reader' | 'stranger' | 'owner', Credential>,
): Promise<void> {
  const up = join(stage.folder, 'up', 'odd');
  const wrong = { ...owner, s3: { ...owner.s3, secretAccessKey: 'x'.repeat(40) } };
  const reads = duplicityBy(place, reader, 'of-reader');
  told(await reads.run('verify', '--compare-data', address(stage, 'rare'), up), /0 differences found/);
  await reads.refused(/AccessDenied|Forbidden/, 'full', up, address(stage, 'rare'));
  for (const [credential, cache] of [
    [stranger, 'of-stranger'],
    [wrong, 'of-wrong'],
  ] as const)
    await duplicityBy(place, credential, cache).refused(/AccessDenied|Forbidden|403/, 'full', up, address(stage, 'rare'));
}
