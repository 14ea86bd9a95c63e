import { createHash, randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { storage } from '#services/storage/service.ts';
import type { Client } from '../../sdk/index.ts';
import type { Stage } from './stage.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const soon = () => new Promise((resolve) => setTimeout(resolve, 100));

/** Four of sixteen drives are taken away while a client reads; every hash stays right, and the drives are made whole again. */
export async function driveScene(stage: Stage, data: string, api: Client<typeof storage>): Promise<void> {
  const { owner } = stage.cast;
  if (!owner) throw new Error('The tour has no credentials.');
  const { S3Client, ...s3 } = await import('@aws-sdk/client-s3');
  const { accessKeyId, secretAccessKey, region } = owner.s3;
  const client = new S3Client({
    endpoint: stage.doors['storage.s3']?.url ?? '',
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
  const bucket = `tour-drives-${stage.startedAt.toString(36)}`;
  stage.scene('Sixteen drives, of which four are taken away (directories here; on one disk they are one failure domain)');
  await client.send(new s3.CreateBucketCommand({ Bucket: bucket }));
  const hashes = new Map<string, string>();
  let began = performance.now();
  for (const [at, size] of [3000, 50_000, 800_000, 5_000_000, 24_000_000].entries()) {
    const body = randomBytes(size);
    hashes.set(`object-${at}`, sha256(body));
    await client.send(new s3.PutObjectCommand({ Bucket: bucket, Key: `object-${at}`, Body: body }));
  }
  stage.done('stored objects of 3 kB to 24 MB', began);

  let reads = 0;
  let reading = true;
  const reader = (async () => {
    while (reading) {
      for (const [key, hash] of hashes) {
        const { Body } = await client.send(new s3.GetObjectCommand({ Bucket: bucket, Key: key }));
        stage.assert(sha256((await Body?.transformToByteArray()) ?? new Uint8Array()) === hash, `${key} came back changed`);
        reads++;
      }
    }
  })();
  const drives = join(data, 'service', 'storage', 'drive');
  const gone = ['01', '06', '11', '12'];
  began = performance.now();
  try {
    for (const name of gone) {
      renameSync(join(drives, name), join(drives, `${name}.taken`));
      await until(
        api,
        ({ drives: all, extentsWaiting }) => all.some((one) => one.number === Number(name) && one.state !== 'in') && extentsWaiting === 0,
      );
    }
    stage.done(`took away drives ${gone.join(', ')} while a client read on: ${reads} reads, every SHA-256 right`, began);
    began = performance.now();
    const whole = await until(api, ({ drives: all, repairsWaiting }) => repairsWaiting === 0 && all.every(({ state }) => state === 'in'));
    stage.done(`all ${whole.drives.length} drives are whole again, by themselves; ${reads} reads so far`, began);
  } finally {
    reading = false;
    await reader;
    for (const name of gone) giveBack(join(drives, name));
  }
}

type DriveMap = Awaited<ReturnType<Client<typeof storage>['DescribeDrives']>>;

async function until(api: Client<typeof storage>, holds: (map: DriveMap) => boolean): Promise<DriveMap> {
  for (;;) {
    const map = await api.DescribeDrives({});
    if (holds(map)) return map;
    await soon();
  }
}

/** What was taken away is rubbish once the drive was made again, and otherwise comes back. */
function giveBack(path: string): void {
  if (!existsSync(`${path}.taken`)) return;
  if (existsSync(path)) rmSync(`${path}.taken`, { recursive: true });
  else renameSync(`${path}.taken`, path);
}
