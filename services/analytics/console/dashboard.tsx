import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { Live } from '#console/part/live.tsx';
import { Section } from '#console/part/page.tsx';
import type { ThingProps } from '#console/service-page.ts';
import { type Answer, useLiveAnswer } from './ask.ts';
import { barsMax } from './limits.ts';
import { RowTable } from './row-table.tsx';

type Panel = { readonly title: string; readonly query: string; readonly show: 'table' | 'bars' | 'number'; readonly wide?: boolean };

/** Queries side by side, each asked again as soon as a view of it changes. */
export function Dashboard({ thing }: ThingProps) {
  const panels = (thing.spec.panels ?? []) as readonly Panel[];
  if (panels.length === 0)
    return (
      <Empty icon="analytics" title="No panels yet">
        Edit the dashboard: a panel is a title, a SELECT, and how its rows are shown.
      </Empty>
    );
  return (
    <div className="panels">
      {panels.map((panel, at) => (
        <PanelBox key={`${at} ${panel.query}`} panel={panel} />
      ))}
    </div>
  );
}

function PanelBox({ panel }: { panel: Panel }) {
  const { asked, problem, isLive, heardAt } = useLiveAnswer(panel.query, 0);
  const answer = asked?.kind === 'rows' ? asked.answer : undefined;
  return (
    <div className={panel.wide ? 'panel-wide' : undefined}>
      <Section flush={panel.show === 'table'} title={panel.title} actions={<Live mode={isLive ? 'live' : 'polled'} heardAt={heardAt} />}>
        {problem && <Refusal problem={problem} compact />}
        {!answer && !problem && <Waiting rows={3} />}
        {answer && !problem && <Shown panel={panel} answer={answer} />}
      </Section>
    </div>
  );
}

function Shown({ panel, answer: { fields, rows } }: { panel: Panel; answer: Answer }) {
  if (rows.length === 0) return <span className="dim">No rows</span>;
  if (panel.show === 'table') return <RowTable label={panel.title} fields={fields} rows={rows} />;
  if (panel.show === 'number') return <div className="panel-number">{rows[0]?.at(-1) ?? '–'}</div>;
  const bars = rows.slice(0, barsMax).map((cells) => ({ label: cells.slice(0, -1).join(' '), value: Number(cells.at(-1) ?? 0) }));
  const most = Math.max(1, ...bars.map(({ value }) => value));
  return (
    <ul className="measures" aria-label={panel.title}>
      {bars.map(({ label, value }) => (
        <li key={label}>
          <span className="cut" title={label}>
            {label}
          </span>
          <span className="measure" aria-hidden="true">
            <span style={{ width: `${(Math.max(0, value) / most) * 100}%` }} />
          </span>
          <span className="measure-value">{value.toLocaleString('en')}</span>
        </li>
      ))}
    </ul>
  );
}
