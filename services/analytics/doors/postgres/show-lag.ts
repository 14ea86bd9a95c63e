import type { Session } from '#kernel/contract/session.ts';
import type { Cells } from '#engine/pgwire/application.ts';
import type { analytics } from '../../service.ts';

/** The columns of what SHOW LAG shows. */
export const lagColumns = ['name', 'source', 'records', 'age_ms', 'workers', 'ring_bytes', 'ring_max_bytes'] as const;

/** How far each view and sink is behind each of its sources, and the workers that share it with how full their rings are. */
export async function lagOf(session: Session<typeof analytics>, signal: AbortSignal): Promise<Cells[]> {
  const [views, sinks] = await Promise.all([
    session.invoke('ListViews', '', {}, { signal }),
    session.invoke('ListSinks', '', {}, { signal }),
  ]);
  return [...views.output.items, ...sinks.output.items].flatMap(({ name, lag, sharing }) => {
    const shared = sharing ? [sharing.workers, sharing.ringBytes, sharing.ringMaxBytes].map(String) : [null, null, null];
    return lag.map(({ source, records, ageMs }) => [name, source, String(records), String(ageMs), ...shared]);
  });
}
