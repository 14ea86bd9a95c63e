import { useMemo, useState } from 'react';
import { useOperation } from '#console/api/call.ts';
import { useLink } from '#console/api/place.ts';
import { duration, exactMoment } from '#console/format/moment.ts';
import { exactCount, plural } from '#console/format/quantity.ts';
import { LinkButton } from '#console/part/button.tsx';
import { CopyButton } from '#console/part/copy.tsx';
import { PageHead, Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { StatusMark } from '#console/part/status.tsx';
import { RecordDialog } from '#console/view/record-dialog.tsx';
import { inOrder, type Span } from './span-order.ts';

type Trace = { readonly trace: string; readonly spans: readonly Span[]; readonly more: boolean };

/** One request as its spans, under one another as they called and beside one another in time. */
export function TracePage({ name }: { name: string }) {
  const link = useLink();
  const [open, setOpen] = useState<Span>();
  const reading = useOperation<Trace>('telemetry', 'GetTrace', name);
  const trace = reading.value;
  const rows = useMemo(() => inOrder(trace?.spans ?? []), [trace]);
  const begin = Math.min(...rows.map(({ span }) => span.at));
  const length = Math.max(...rows.map(({ span }) => span.at + span.durationMs)) - begin;
  return (
    <div className="page">
      <PageHead
        title={rows[0]?.span.name ?? 'Trace'}
        aside={
          <span className="row">
            <span className="mono dim">{name}</span>
            <CopyButton text={name} label="Copy the id of the trace" />
          </span>
        }
        text={
          rows.length > 0 &&
          `${exactMoment(begin)}, ${duration(length)}, ${exactCount(rows.length)} ${plural(rows.length, 'span')}` +
            (trace?.more ? ' and more' : '')
        }
        actions={
          <>
            <LinkButton to={link('telemetry', 'traces')}>All traces</LinkButton>
            <LinkButton to={`${link('telemetry', 'logs')}?trace=${encodeURIComponent(name)}`}>Its logs</LinkButton>
          </>
        }
      />
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!trace && !reading.problem && (
        <Section>
          <Waiting rows={5} />
        </Section>
      )}
      {rows.length > 0 && (
        <Section flush>
          <ol className="spans" aria-label="Spans">
            {rows.map(({ span, depth }) => (
              <li key={span.span}>
                <button type="button" className="span" onClick={() => setOpen(span)}>
                  <span className="span-name cut" style={{ paddingLeft: Math.min(depth, 12) * 14 }} title={span.name}>
                    {span.failed && <StatusMark tone="bad" />}
                    {span.name}
                    <span className="faint"> {span.service}</span>
                  </span>
                  <span className="span-track">
                    <span
                      className={`span-bar${span.failed ? ' span-bad' : ''}`}
                      style={{
                        left: `${(((span.at - begin) / Math.max(length, 0.001)) * 100).toFixed(2)}%`,
                        width: `max(2px, ${((span.durationMs / Math.max(length, 0.001)) * 100).toFixed(2)}%)`,
                      }}
                    />
                  </span>
                  <span className="span-took">{span.durationMs < 10 ? `${span.durationMs.toFixed(2)} ms` : duration(span.durationMs)}</span>
                </button>
              </li>
            ))}
          </ol>
        </Section>
      )}
      {open && <RecordDialog title={open.name} record={open} onClose={() => setOpen(undefined)} />}
    </div>
  );
}
