import { guardMemoryMb, partMemoryMb, recorderThreads } from './limits.ts';
import { modulePath } from './module.ts';
import type { ChildSpec, NodeSpec } from './plan.ts';
import { postgresSpec } from './postgres.ts';
import type { Settings } from './protocol.ts';
import { serviceParts, standbyOf, workersOf } from './service.ts';

/**
 * The processes of a platform: PostgreSQL unless it is external, keeper, control, then recorder and the services together.
 * Recorder is drained after the services, so that it still reads what they journalled last.
 */
export function platformPlan(settings: Settings): ChildSpec[] {
  const node = (name: string, module: string, more: Partial<NodeSpec>): NodeSpec => ({
    name,
    kind: 'node',
    module: modulePath(module),
    after: [],
    critical: true,
    memoryMb: partMemoryMb,
    ...more,
  });
  const services = settings.services.flatMap((name) => [
    node(name, `services/${name}/main`, { after: ['control'] }),
    ...(settings.standby?.includes(name) ? [node(standbyOf(name), `services/${name}/main`, { after: ['control'] })] : []),
    // Its directory, and the port that all of them share, are there once the service's own process is.
    ...workersOf(name, settings).map((worker) => node(worker, `services/${name}/main`, { after: [name] })),
    ...serviceParts(name).map((part) => node(`${name}-${part}`, `services/${name}/${part}.main`, { after: ['control'] })),
  ]);
  const sql = settings.sql === undefined ? [postgresSpec()] : [];
  const afterSql = sql.map((spec) => spec.name);
  return [
    ...sql,
    node('keeper', 'kernel/keys/keeper.part', { admits: true, memoryMb: guardMemoryMb }),
    node('control', 'kernel/control/control.part', { after: [...afterSql, 'keeper'], admits: true, secrets: ['sql.admin'] }),
    // Tiles are synced file by file: so many syncs at once become few writes of the disk's own journal.
    node('recorder', 'kernel/record/recorder.part', {
      threads: recorderThreads,
      after: ['control'],
      outlives: services.map((spec) => spec.name),
      secrets: ['sql.admin'],
    }),
    ...services,
  ];
}
