import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bucketName, castOf } from '../cast.ts';
import { type Client, checksOf } from '../client.ts';
import { debianPackage } from '../debian.ts';
import type { Credential, Place } from '../place.ts';
import { same, type Tool, together, told, toolOf } from '../tool.ts';
import { plantBytes, plantTree, sameTrees } from '../tree.ts';

const MiB = 1024 * 1024;

/** restic's S3 backend, which is minio-go, with its defaults. */
export const client: Client = {
  name: 'restic',
  setup: () => debianPackage('restic'),
  async run(place) {
    const { owner, reader, stranger } = await castOf(place);
    const address = `s3:${owner.s3.endpoint}/${bucketName()}/deep/repository`;
    const by = (credential: Credential, repository = address) => resticBy(place, credential, repository);
    const stage: Stage = { restic: by(owner), folder: place.folder };
    return {
      checks: await checksOf([
        ['a repository is made, with its bucket, once', () => makes(stage)],
        ['a real tree is backed up, checked byte by byte and restored with the same hashes', () => backsUp(stage)],
        ['a second backup sends what changed, and every snapshot is restored as it was', () => changes(stage)],
        ['two backups write to one repository at once', () => atOnce(stage)],
        ['snapshots are forgotten and what only they held is pruned; what is left checks', () => prunes(stage)],
        ['a file is found and printed, and the repository is told in size', () => reads(stage)],
        ['a damaged object is found by its digest', () => damaged(stage, place, owner, address)],
        ['a reader restores and does not back up', () => readsOnly(stage, by(reader))],
        ['a wrong secret and a stranger are refused', () => refuses(by(stranger), by(forged(owner)))],
      ]),
    };
  },
};

type Stage = { readonly restic: Tool; readonly folder: string };
type Snapshot = { readonly id: string; readonly paths: readonly string[] };

function resticBy({ folder }: Place, { s3 }: Credential, repository: string): Tool {
  return toolOf(['restic', '--no-cache', '--quiet'], {
    cwd: folder,
    env: {
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD: 'a password of the repository',
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      AWS_DEFAULT_REGION: s3.region,
      HOME: folder,
    },
  });
}

const forged = (credential: Credential): Credential => ({
  ...credential,
  s3: { ...credential.s3, secretAccessKey: 'x'.repeat(40) },
});

async function snapshots({ restic }: Stage): Promise<Snapshot[]> {
  return JSON.parse(await restic.run('snapshots', '--json')) as Snapshot[];
}

async function makes(stage: Stage): Promise<void> {
  await stage.restic.run('init');
  await stage.restic.refused(/already (exists|initialized)/, 'init');
  same(await snapshots(stage), []);
}

async function backsUp({ restic, folder }: Stage): Promise<void> {
  const [up, down] = [join(folder, 'up'), join(folder, 'down')];
  plantTree(up);
  rmSync(join(up, 'services'), { recursive: true });
  plantBytes(join(up, 'big'), 16 * MiB + 7, 'restic');
  await restic.run('backup', 'up');
  await restic.run('check', '--read-data');
  await restic.run('restore', 'latest', '--target', down);
  sameTrees(join(down, 'up'), up);
}

async function changes(stage: Stage): Promise<void> {
  const { restic, folder } = stage;
  const up = join(folder, 'up');
  appendFileSync(join(up, 'odd', 'with space'), 'and more');
  rmSync(join(up, 'kernel'), { recursive: true });
  const lines = (await restic.run('backup', '--json', 'up')).trim().split('\n');
  const summary = JSON.parse(lines.at(-1) ?? '') as { files_new: number; files_changed: number; data_added: number };
  same([summary.files_new, summary.files_changed, summary.data_added < MiB], [0, 1, true]);
  const [first, second] = await snapshots(stage);
  for (const [{ id } = { id: '' }, target] of [[first, 'first'] as const, [second, 'second'] as const])
    await restic.run('restore', id, '--target', join(folder, target));
  sameTrees(join(folder, 'first', 'up'), join(folder, 'down', 'up'));
  sameTrees(join(folder, 'second', 'up'), up);
}

async function atOnce(stage: Stage): Promise<void> {
  const { restic, folder } = stage;
  const names = ['left', 'right'];
  for (const name of names) plantBytes(join(folder, name), 6 * MiB, name);
  await together(names, async (name) => void (await restic.run('backup', name)));
  same((await snapshots(stage)).length, 4);
}

async function prunes(stage: Stage): Promise<void> {
  const { restic, folder } = stage;
  const [first] = await snapshots(stage);
  await restic.run('forget', '--prune', first?.id ?? '');
  same((await snapshots(stage)).length, 3);
  await restic.run('check', '--read-data');
  await restic.run('restore', 'latest', '--path', join(folder, 'up'), '--target', join(folder, 'pruned'));
  sameTrees(join(folder, 'pruned', 'up'), join(folder, 'up'));
}

async function reads({ restic, folder }: Stage): Promise<void> {
  told(await restic.run('find', 'with space'), /odd\/with space/);
  told(await restic.run('dump', '--path', join(folder, 'up'), 'latest', '/up/odd/with space'), /and more$/);
  const { total_size: size } = JSON.parse(await restic.run('stats', '--json', '--mode', 'raw-data')) as { total_size: number };
  same(size > 12 * MiB, true);
}

/** A repository of its own, of which one object is put again with other bytes. */
async function damaged({ folder }: Stage, place: Place, owner: Credential, address: string): Promise<void> {
  const restic = resticBy(place, owner, `${address}-damaged`);
  await restic.run('init');
  await restic.run('backup', 'left');
  const [pack = ''] = (await restic.run('list', 'packs')).trim().split('\n');
  const [bucket = '', ...prefix] = `${new URL(address.slice('s3:'.length)).pathname.slice(1)}-damaged`.split('/');
  const key = [...prefix, 'data', pack.slice(0, 2), pack].join('/');
  await place.gamut('storage', 'put-object', bucket, '--key', key, '--body', join(folder, 'right'));
  await restic.refused(/pack.*(size|hash|ID)|Fatal: repository contains errors/, 'check', '--read-data');
}

async function readsOnly({ folder }: Stage, restic: Tool): Promise<void> {
  const target = join(folder, 'by-reader');
  await restic.run('--no-lock', 'restore', 'latest', '--path', join(folder, 'left'), '--target', target);
  await restic.refused(/Access Denied|AccessDenied|not allowed|not permitted|Forbidden/, 'backup', 'left');
}

async function refuses(stranger: Tool, wrong: Tool): Promise<void> {
  await stranger.refused(/Access Denied|AccessDenied|Forbidden/, 'snapshots');
  await wrong.refused(/signature|Access Denied/i, 'snapshots');
}
