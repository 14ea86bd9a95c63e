import { setFlagsFromString } from 'node:v8';
import type { Handlers } from '#kernel/contract/call.ts';
import { registerFaults } from '#kernel/contract/fault.ts';
import { implement } from '#kernel/contract/implement.ts';
import { dataSubjectProvider } from '#kernel/privacy/subject.ts';
import { type Needs, servicePart } from '#kernel/session/part.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import { openS3 } from './doors/s3/door.ts';
import { SelectProcesses } from './engine/select.ts';
import { AccessLogs } from './jobs/access-log.ts';
import { DriveKeeper } from './jobs/drive-keeper.ts';
import { keepInventories } from './jobs/inventory.ts';
import { keepLifecycles } from './jobs/lifecycle.ts';
import { keepSweeping } from './jobs/sweep.ts';
import { keepTokens } from './jobs/token.ts';
import { storage } from './service.ts';
import { authorizer } from './store/authorize.ts';
import { findBucket } from './store/bucket.ts';
import { readConfiguration } from './store/configuration.ts';
import type { DriveSet } from './store/drive-set.ts';
import { effectSources } from './store/effect.ts';
import { accessHandlers } from './store/handler/access.ts';
import { bucketHandlers } from './store/handler/bucket.ts';
import { configurationHandlers } from './store/handler/configuration.ts';
import { engineHandlers } from './store/handler/engine.ts';
import { insightHandlers } from './store/handler/insight.ts';
import { inventoryHandlers } from './store/handler/inventory.ts';
import { listHandlers } from './store/handler/list.ts';
import { multipartHandlers } from './store/handler/multipart.ts';
import { eachInItsPartition } from './store/handler/partition.ts';
import { objectHandlers } from './store/handler/object.ts';
import { renameHandlers } from './store/handler/rename.ts';
import { selectHandlers } from './store/handler/select.ts';
import { subjects } from './store/handler/subject.ts';
import { BucketHistory } from './store/history.ts';
import { dayOf, heapGrowthPercent } from './store/limits.ts';
import { partitionsWanted } from './store/partition.ts';
import { bucketProvider } from './store/provider.ts';
import { closeStore, openStore } from './store/store.ts';
import { agreeOnDrives } from './store/worker/drive-agreement.ts';
import { share, tellChanges } from './store/worker/share.ts';
import { Workers } from './store/worker/workers.ts';

registerFaults(storage.errors);
// Buffers outside the heap count as its growth: they come and go, and each few dozen megabytes of them had all of it marked anew.
setFlagsFromString(`--heap-growing-percent=${heapGrowthPercent}`);

export const main = implement<typeof storage, Needs>(
  storage,
  async ({ directory, region, domains, log, now, mayWrite, sealer, emit, needs, signal, worker }) => {
    const remote = needs.blobs?.external;
    const dayMs = dayOf(process.env.GAMUT_STORAGE_DAY_MS);
    const wanted = partitionsWanted(process.env.GAMUT_STORAGE_PARTITIONS);
    const kept = { directory, log, now, mayWrite, sealer, dayMs, partitions: wanted };
    const store = await openStore({ ...kept, ...(remote ? { remote } : {}), ...(worker ? { worker } : {}) });
    const { partitions } = store;
    const workers = worker && new Workers(worker, partitions, log);
    const agree = workers && ((drives: DriveSet, look: () => void) => agreeOnDrives(drives, workers, look));
    const keeper = new DriveKeeper(store, directory, agree ? { agree } : {});
    const history = new BucketHistory(partitions, workers && tellChanges(workers));
    const sharing = workers && share(workers, { store, keeper, history });
    await workers?.open();
    const websiteOf = (name: string) => {
      const { catalog } = partitions.holderOf(name);
      const bucket = findBucket(catalog, name);
      return bucket && readConfiguration(catalog, bucket, 'website');
    };
    const sweeps = keepSweeping(partitions);
    const tokens = keepTokens(store, log, signal);
    const accessLog = new AccessLogs(store, region, log);
    const lifecycles = keepLifecycles(store, log, signal);
    const inventories = keepInventories(store, { log, emit }, signal);
    const selects = new SelectProcesses();
    const ownerOf = (name: string) => {
      const bucket = partitions.find(name);
      return bucket && formatId(bucket.scope);
    };
    const tenantOf = (name: string) => {
      const bucket = partitions.find(name);
      return bucket && formatId(bucket.tenant);
    };
    const isRequesterPays = (name: string) => partitions.find(name)?.requesterPays === true;
    const corsOf = (name: string) => {
      const { catalog } = partitions.holderOf(name);
      const bucket = findBucket(catalog, name);
      return bucket && readConfiguration(catalog, bucket, 'cors')?.rules;
    };
    return {
      authorize: authorizer(partitions),
      placeOf: (name) => partitions.find(name),
      handlers: {
        ...eachInItsPartition(partitions, (one) => ({
          ...bucketHandlers(one, history, region),
          ...objectHandlers(one),
          ...renameHandlers(one),
          ...listHandlers(one),
          ...selectHandlers(one, selects, log),
          ...multipartHandlers(one),
          ...insightHandlers(one),
          ...accessHandlers(one, history),
          ...inventoryHandlers(one, history),
          ...(configurationHandlers(one, history, needs.logs) as unknown as Handlers<typeof storage>),
        })),
        ...engineHandlers(store, keeper, async (signal) => (await sharing?.partsOfOthers(signal)) ?? []),
        ...subjects(store, sharing?.eraseAtOthers),
      },
      providers: { Bucket: bucketProvider(store, history, region), DataSubject: dataSubjectProvider },
      doors: {
        s3: (place) =>
          openS3(place, { region, domains, ownerOf, tenantOf, isRequesterPays, corsOf, websiteOf, accessLog, ...sharing?.door }),
      },
      ...sharing?.process,
      effects: effectSources(partitions, region),
      async stop() {
        selects.stop();
        await accessLog.stop();
        await inventories.stop();
        await lifecycles.stop();
        sweeps.stop();
        await tokens.stop();
        await keeper.stop();
        workers?.close();
        await closeStore(store);
      },
    };
  },
);

export const part = servicePart(main);
