import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashesOf, plantTree, sameTrees } from '../tree.ts';
import { same, told } from '../tool.ts';
import { listed, type Stage, type Steps } from './stage.ts';

export function treeSteps(stage: Stage): Steps {
  const { inBucket } = stage;
  return [
    ['buckets are made, listed and removed, and one that holds something is not', () => buckets(stage)],
    ['a real tree is synced up and down with the same hashes', () => inBucket((remote) => syncs(stage, remote))],
    [
      'a second sync sends nothing, and one after changes sends what changed and deletes what is gone',
      () => inBucket((remote) => again(stage, remote)),
    ],
    ['a bucket is copied, moved and deleted by filter on the server', () => inBucket((remote) => serverSide(stage, remote))],
    ['listings agree at every depth, in pages of every size', () => inBucket((remote) => listings(stage, remote))],
  ];
}

async function buckets({ rclone }: Stage): Promise<void> {
  const name = `conform-${process.hrtime.bigint()}`;
  await rclone.run('mkdir', `g:${name}`);
  told(await rclone.run('lsd', 'g:'), new RegExp(`\\d{4}-\\d\\d-\\d\\d .* ${name}$`, 'm'));
  await rclone.feed('x', 'rcat', `g:${name}/k`);
  await rclone.refused(/BucketNotEmpty/, 'rmdir', `g:${name}`);
  await rclone.run('deletefile', `g:${name}/k`);
  await rclone.run('rmdir', `g:${name}`);
  await rclone.refused(/directory not found/, 'lsf', `g:${name}`);
}

async function syncs({ rclone, folder }: Stage, remote: string): Promise<void> {
  const [up, down] = [join(folder, 'up'), join(folder, 'down')];
  plantTree(up);
  await rclone.run('sync', up, `${remote}/tree`);
  told((await rclone.try('check', '--one-way', up, `${remote}/tree`)).err, /0 differences found/);
  told((await rclone.try('check', '--download', up, `${remote}/tree`)).err, /0 differences found/);
  await rclone.run('sync', `${remote}/tree`, down);
  const count = sameTrees(down, up);
  told(await rclone.run('size', `${remote}/tree`), new RegExp(`Total objects: (${count}|.*\\(${count}\\))\n`));
}

async function again({ rclone, folder }: Stage, remote: string): Promise<void> {
  const [up, down] = [join(folder, 'small'), join(folder, 'small-down')];
  plantTree(up);
  for (const part of ['kernel', 'cli', 'services']) rmSync(join(up, part), { recursive: true });
  const old = new Date('2001-02-03T04:05:06.789Z');
  utimesSync(join(up, 'odd', 'a=b'), old, old);
  await rclone.run('sync', up, remote);
  const second = await rclone.try('sync', '-v', up, remote);
  told(second.err, /There was nothing to transfer/);
  const [kept] = await listed(rclone, `${remote}/odd/a=b`);
  same(new Date(kept?.ModTime ?? 0).getTime(), old.getTime());
  writeFileSync(join(up, 'odd', 'with space'), 'changed');
  utimesSync(join(up, 'odd', '.hidden', '..twice'), old, old);
  rmSync(join(up, 'odd', 'a=b'));
  const third = await rclone.try('sync', '-v', up, remote);
  told(third.err, /odd\/a=b: Deleted/);
  told(third.err, /odd\/with space: Copied \(replaced existing\)/);
  told(third.err, /twice: Updated modification time in destination/);
  await rclone.run('sync', remote, down);
  sameTrees(down, up);
}

async function serverSide({ rclone, folder }: Stage, remote: string): Promise<void> {
  const [up, down] = [join(folder, 'side'), join(folder, 'side-down')];
  plantTree(up);
  for (const part of ['kernel', 'cli']) rmSync(join(up, part), { recursive: true });
  await rclone.run('copy', up, `${remote}/a`);
  const sent = await rclone.try('copy', '-v', '--stats-one-line', `${remote}/a`, `${remote}/b`);
  told(sent.err, /Copied \(server-side copy\)/);
  await rclone.run('move', `${remote}/b`, `${remote}/c`);
  same(await listed(rclone, '-R', '--files-only', `${remote}/b`).catch(() => []), []);
  await rclone.run('sync', `${remote}/c`, down);
  sameTrees(down, up);
  await rclone.run('delete', '--include', '*.ts', `${remote}/c`);
  const left = (await listed(rclone, '-R', '--files-only', `${remote}/c`)).map(({ Path }) => Path);
  const wanted = [...hashesOf(up).keys()].filter((path) => !path.endsWith('.ts'));
  same(left.toSorted(), wanted.toSorted());
}

async function listings({ rclone, folder }: Stage, remote: string): Promise<void> {
  const up = join(folder, 'listing');
  plantTree(up);
  rmSync(join(up, 'kernel'), { recursive: true });
  await rclone.run('copy', up, remote);
  const wanted = [...hashesOf(up).keys()].toSorted();
  for (const options of [['--fast-list'], ['--fast-list', '--s3-list-chunk', '7'], ['--s3-list-chunk', '3'], ['--s3-list-version', '2']]) {
    const found = await listed(rclone, '-R', '--files-only', '--no-modtime', ...options, remote);
    same(found.map(({ Path }) => Path).toSorted(), wanted);
  }
  const top = (await rclone.run('lsf', remote)).trim().split('\n');
  same(top.toSorted(), ['cli/', 'odd/', 'services/', 'wire/']);
}
