import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type House, openHouse } from './fixtures/house.ts';
import { bytesOf } from './fixtures/shelf.ts';

let house: House;
before(async () => {
  house = await openHouse();
});
after(() => house.stop());

test('an S3 client reads on with four drives gone, and with five is told 503 and an event is recorded', async () => {
  const client = house.client();
  const body = bytesOf(3, 4_000_000);
  await client.send(new CreateBucketCommand({ Bucket: 'drives' }));
  await client.send(new PutObjectCommand({ Bucket: 'drives', Key: 'k', Body: body }));
  const drives = join(house.data, 'service', 'storage', 'drive');
  const take = (name: string) => renameSync(join(drives, name), join(drives, `${name}.taken`));
  for (const name of ['00', '05', '10', '15']) take(name);
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'drives', Key: 'k' }));
  assert.ok(Buffer.from(await Body!.transformToByteArray()).equals(body));
  // Five others at once: too many, even where the first four were made again meanwhile.
  for (const name of ['01', '02', '03', '04', '07']) take(name);
  await assert.rejects(
    client.send(new GetObjectCommand({ Bucket: 'drives', Key: 'k' })),
    (error: { $metadata?: { httpStatusCode?: number } }) => {
      assert.equal(error.$metadata?.httpStatusCode, 503);
      return true;
    },
  );
  for (;;) {
    const { body: page } = await house.call('GET', '/v1/platform/events?limit=50');
    if (JSON.stringify(page).includes('ObjectUnreadable')) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});
