import { registerFaults } from '#kernel/contract/fault.ts';
import { implement } from '#kernel/contract/implement.ts';
import { type Needs, servicePart } from '#kernel/session/part.ts';
import { openS3 } from './doors/s3/door.ts';
import { DriveKeeper } from './jobs/drive-keeper.ts';
import { storage } from './service.ts';
import { effectSource } from './store/effect.ts';
import { bucketHandlers } from './store/handler/bucket.ts';
import { engineHandlers } from './store/handler/engine.ts';
import { listHandlers } from './store/handler/list.ts';
import { multipartHandlers } from './store/handler/multipart.ts';
import { objectHandlers } from './store/handler/object.ts';
import { BucketHistory } from './store/history.ts';
import { bucketProvider } from './store/provider.ts';
import { closeStore, openStore } from './store/store.ts';

registerFaults(storage.errors);

export const main = implement<typeof storage, Needs>(storage, async ({ directory, region, log, now, mayWrite }) => {
  const store = await openStore({ directory, log, now, mayWrite });
  const keeper = new DriveKeeper(store, directory);
  const history = new BucketHistory(store.catalog);
  return {
    handlers: {
      ...bucketHandlers(store, history, region),
      ...objectHandlers(store),
      ...listHandlers(store),
      ...multipartHandlers(store),
      ...engineHandlers(store, keeper),
    },
    providers: { Bucket: bucketProvider(store, history, region) },
    doors: { s3: (place) => openS3(place, { region }) },
    effects: effectSource(store.catalog),
    async stop() {
      await keeper.stop();
      await closeStore(store);
    },
  };
});

export const part = servicePart(main);
