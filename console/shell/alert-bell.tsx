import { Tooltip } from '@mantine/core';
import { useOperation } from '../api/call.ts';
import { useLink } from '../api/place.ts';
import { exactCount, plural } from '../format/quantity.ts';
import { pollEveryMs } from '../limits.ts';
import { LinkButton } from '../part/button.tsx';

/** How many alerts fire in this environment, where telemetry runs; it leads to them. */
export function AlertBell() {
  const link = useLink();
  const reading = useOperation<{ items: readonly unknown[] }>('telemetry', 'ListAlerts', '', { state: 'firing' }, { everyMs: pollEveryMs });
  const count = reading.value?.items.length;
  if (count === undefined) return null;
  const said = count === 0 ? 'No alert fires' : `${exactCount(count)} ${plural(count, 'alert')} firing`;
  return (
    <Tooltip label={said}>
      <span className="bar-bell">
        <LinkButton look="quiet" icon="bell" label={said} to={link('telemetry', 'alerts')} />
        {count > 0 && <span aria-hidden="true">{exactCount(count)}</span>}
      </span>
    </Tooltip>
  );
}
