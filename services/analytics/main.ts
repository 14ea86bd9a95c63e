import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { keepEvaluating } from '#kernel/alert/evaluate.ts';
import { settingOf } from '#kernel/contract/setting.ts';
import { registerFaults } from '#kernel/contract/fault.ts';
import { implement } from '#kernel/contract/implement.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { type Needs, servicePart } from '#kernel/session/part.ts';
import { openPostgres } from './doors/postgres/door.ts';
import { DuckPool } from './engine/duck/pool.ts';
import { NetworkPool } from './engine/network/pool.ts';
import { RoutinePool } from './engine/routine/pool.ts';
import { viewDiskBytes, viewDiskMaxMb, viewMemoryBytes, viewMemoryMaxMb } from './engine/spill/limits.ts';
import { Spills } from './engine/spill/room.ts';
import { Crews } from './engine/worker/crew.ts';
import { workersMax } from './engine/worker/limits.ts';
import { Feeds } from './jobs/feed.ts';
import type { LiveTable } from './jobs/keep.ts';
import { Lags } from './jobs/lag.ts';
import { lagGauges } from './jobs/lag-gauge.ts';
import { LiveViews } from './jobs/live.ts';
import { LooseTopics } from './jobs/loose-topic.ts';
import { Maintenance } from './jobs/maintain.ts';
import { viewReadings } from './jobs/watch.ts';
import { analytics } from './service.ts';
import { Catalogues } from './store/catalogue.ts';
import { Changes } from './store/change.ts';
import { Connections } from './store/connection.ts';
import { alertHandlers } from './store/handler/alert.ts';
import { dashboardHandlers } from './store/handler/dashboard.ts';
import { Files } from './store/file.ts';
import { relationHandlers } from './store/handler/relation.ts';
import { alertMs } from './store/limits.ts';
import { History } from './store/history.ts';
import { LooseTopicStore } from './store/loose-topic.ts';
import { Lookups } from './store/lookup.ts';
import { Models, Routines } from './store/model.ts';
import { Outside } from './store/outside.ts';
import { Outbox } from './store/outbox.ts';
import { Pendings } from './store/pending.ts';
import { Relations } from './store/relation.ts';
import { SchemaStore } from './store/schema.ts';
import { SqlFunctions } from './store/sql-function.ts';
import { Samples } from './store/statistic.ts';
import { States } from './store/state.ts';
import { Plans } from './store/view.ts';

registerFaults(analytics.errors);

export const main = implement<typeof analytics, Needs>(
  analytics,
  async ({ needs, sealer, scopes, log, directory, run, allow, emit, now }) => {
    const { sql, logs, resources } = needs;
    if (!sql || !logs || !resources) throw new TypeError('analytics needs sql and a log');
    const relations = new Relations(sql);
    const crews = new Crews(settingOf('GAMUT_ANALYTICS_WORKERS', 1, workersMax, Math.max(1, availableParallelism() - 1)));
    const seen = { workers: crews.count, viewOf: (id: bigint) => live.soon(id) };
    const plans = new Plans(relations, new SqlFunctions(sql), (at, all) => samples.of(at, all), seen);
    const changes = new Changes();
    const live = new LiveViews();
    const tables = new LiveViews<LiveTable>();
    const schemas = new SchemaStore(logs);
    const samples = new Samples({ live, tables, schemas, logs });
    const carriers = { logs, allow, connections: new Connections(sql, sealer), failures: new Map<bigint, string>() };
    const stores = { relations, plans, states: new States(sql, sealer), outbox: new Outbox(sql, sealer) };
    const [pool, duck] = [new RoutinePool(), new DuckPool()];
    const networks = new NetworkPool();
    const models = new Models(sql, sealer, networks);
    const routines = new Routines(pool, models);
    const [history, files] = [new History(sql, sealer), new Files(sql)];
    const kept = { ...carriers, ...stores, history, changes, tables, log, routines, spills: await spillsOf(directory) };
    const feeds = new Feeds(logs);
    const outside = new Outside({ relations, ...carriers });
    const lookups = new Lookups({ live, tables, changes, outside });
    const lags = new Lags({ logs, log });
    const maintenance = new Maintenance({ ...kept, crews, feeds, lags, live, lookups, files, schemas, scopes });
    maintenance.begin();
    const pendings = new Pendings((at) => loose.look(at));
    const isPending = (at: Placed, topic: string) => pendings.isOver(at, topic);
    const loose = new LooseTopics({ store: new LooseTopicStore(sql), logs, log, scopes, isPending });
    loose.begin();
    const looking = viewReadings({ plans, live, changes, routines });
    const stopAlerting = keepEvaluating({ sql, resources, scopes, emit, allow, now, log, everyMs: alertMs, ...looking });
    // PostgreSQL's user may pass through the platform's own directory, and not through a service's.
    const catalogues = new Catalogues({ data: join(directory, '../..'), run });
    return {
      handlers: {
        ...alertHandlers(sql, resources, plans),
        ...dashboardHandlers(resources),
        ...relationHandlers({
          ...{ ...kept, kept, live, lags, pendings, schemas, maintenance, loose },
          ...{ duck, models, feeds, outside, lookups },
        }),
      },
      providers: {
        Source: absent,
        Table: absent,
        View: absent,
        Sink: absent,
        Connection: absent,
        Function: absent,
        Alert: absent,
      } as never,
      gauges: lagGauges({ lags, live, crews }),
      doors: { postgres: (place) => openPostgres(place, { plans, catalogues, pendings, routines }) },
      async stop() {
        pool.stop();
        networks.stop();
        duck.stop();
        lags.stop();
        await Promise.all([stopAlerting(), maintenance.stop(), loose.stop(), catalogues.stop()]);
        crews.stop();
        outside.stop();
      },
    };
  },
);

const mebibyte = 1_048_576;

/** What views may have of memory and disk. What lies on disk of processes before is of no use to anybody. */
async function spillsOf(directory: string): Promise<Spills> {
  const own = join(directory, 'spill');
  await rm(own, { recursive: true, force: true });
  const bytesOf = (name: string, most: number, usual: number) => settingOf(name, 0, most, usual / mebibyte) * mebibyte;
  return new Spills({
    directory: own,
    memoryBytes: bytesOf('GAMUT_ANALYTICS_MEMORY_MB', viewMemoryMaxMb, viewMemoryBytes),
    diskBytes: bytesOf('GAMUT_ANALYTICS_DISK_MB', viewDiskMaxMb, viewDiskBytes),
  });
}

/** Sources, tables, views, sinks, connections, functions and alerts have no attributes that policy could ask for. */
const absent = { attributes: () => undefined };

export const part = servicePart(main, { migrations: new URL('store/migration', import.meta.url) });
