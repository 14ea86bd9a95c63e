import { useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { exactCount, plural } from '#console/format/quantity.ts';
import { pollEveryMs } from '#console/limits.ts';
import { Figure } from '#console/part/page.tsx';
import { Status } from '#console/part/status.tsx';
import { useAlerts } from '#console/view/alert-list.tsx';

type Items<T> = { readonly items: readonly T[] };
type ViewRow = { readonly name: string; readonly groups: string; readonly rejected: string };

const useItems = <T,>(operation: string) => useOperation<Items<T>>('analytics', operation, '', {}, { everyMs: pollEveryMs }).value?.items;

/** How much views hold, what did not fit, and what alerts. */
export function AnalyticsOverview() {
  const link = useLink();
  const views = useItems<ViewRow>('ListViews');
  const sources = useItems('ListSources');
  const firing = useAlerts('analytics').value?.items.filter(({ state }) => state === 'firing').length ?? 0;
  const sum = (of: (view: ViewRow) => string) => (views ?? []).reduce((all, view) => all + Number(of(view)), 0);
  const rejected = sum((view) => view.rejected);
  return (
    <div className="figures">
      <Figure
        label="Views"
        to={link('analytics', 'views')}
        value={views ? exactCount(views.length) : ' '}
        note={`${exactCount(sum((view) => view.groups))} rows`}
      />
      <Figure
        label="Sources"
        to={link('analytics', 'sources')}
        value={sources ? exactCount(sources.length) : ' '}
        note={
          rejected > 0 ? (
            <Status tone="warn">{`${exactCount(rejected)} ${plural(rejected, 'record')} did not fit`}</Status>
          ) : (
            'all records fit'
          )
        }
      />
      <Figure
        label="Alerts"
        to={link('analytics', 'alerts')}
        value={exactCount(firing)}
        note={firing > 0 ? <Status tone="bad">firing</Status> : 'nothing is wrong'}
      />
    </div>
  );
}
