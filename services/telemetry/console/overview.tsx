import { useMemo } from 'react';
import { useOperation } from '#console/api/call.ts';
import { lineOf, useOperations } from '#console/api/operation.ts';
import { useLink } from '#console/api/place.ts';
import { Spark } from '#console/chart/spark.tsx';
import { exactCount, inUnit, plural } from '#console/format/quantity.ts';
import { pollEveryMs } from '#console/limits.ts';
import { Figure } from '#console/part/page.tsx';
import { Status } from '#console/part/status.tsx';
import { spanOf } from '#console/view/range.tsx';
import { useAlerts } from '#console/view/alert-list.tsx';

/** What is wrong now, and how the last hour went. */
export function TelemetryOverview() {
  const link = useLink();
  const alerts = useAlerts('telemetry').value?.items;
  const firing = alerts?.filter(({ state }) => state === 'firing').length ?? 0;
  const { from, to, step } = spanOf('hour');
  const span = useMemo(() => ({ from, to, step }), [from, to, step]);
  const items = useOperations(span).value?.items;
  const line = useMemo(() => lineOf(items ?? [], span), [items, span]);
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  const objectives = useOperation<{ items: readonly unknown[] }>(
    'telemetry',
    'ListObjectives',
    '',
    { limit: 100 },
    { everyMs: pollEveryMs },
  );
  return (
    <div className="figures">
      <Figure
        label="Alerts"
        to={link('telemetry', 'alerts')}
        value={exactCount(firing)}
        note={firing === 0 ? <Status tone="ok">nothing fires</Status> : <Status tone="bad">firing now</Status>}
      />
      <Figure label="Calls" to={link('telemetry', 'operations')} value={exactCount(sum(line.count))} note="in the last hour">
        <Spark values={line.count} label="Calls by the minute" />
      </Figure>
      <Figure label="Failed" value={exactCount(sum(line.failed))} note="by a fault of the platform, in the last hour">
        <Spark values={line.failed} label="Failed calls by the minute" />
      </Figure>
      <Figure
        label="Slowest p95"
        value={inUnit(Math.max(0, ...line.p95Ms), 'ms')}
        note={`${exactCount(objectives.value?.items.length ?? 0)} ${plural(objectives.value?.items.length ?? 0, 'objective')}`}
      >
        <Spark values={line.p95Ms} label="p95 of the slowest operation by the minute" />
      </Figure>
    </div>
  );
}
