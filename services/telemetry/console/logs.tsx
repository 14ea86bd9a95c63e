import { Select } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { useLink } from '#console/api/place.ts';
import { clock } from '#console/format/moment.ts';
import { exactCount, plural } from '#console/format/quantity.ts';
import { Button, LinkButton } from '#console/part/button.tsx';
import { Live } from '#console/part/live.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { FilterField } from '#console/view/list-bar.tsx';
import { RecordDialog } from '#console/view/record-dialog.tsx';
import { usePageStack } from './page-stack.ts';
import { type Range, RangePicker, spanOf } from '#console/view/range.tsx';
import { Severity, severities } from './severity.tsx';

type LogLine = {
  readonly at: number;
  readonly severity: number;
  readonly severityText: string;
  readonly service: string;
  readonly body: string;
  readonly trace: string;
  readonly span: string;
};

/** Search in what programs log. */
export function Logs() {
  const link = useLink();
  const [search] = useSearchParams();
  const [range, setRange] = useState<Range>('day');
  const [text, setText] = useState('');
  const [severity, setSeverity] = useState('');
  const [service, setService] = useState('');
  const [trace, setTrace] = useState(search.get('trace') ?? '');
  const [open, setOpen] = useState<LogLine>();
  const { from } = spanOf(range);
  const input = useMemo(
    () => ({
      from,
      limit: 200,
      ...(text === '' ? {} : { text }),
      ...(severity === '' ? {} : { severity: Number(severity) }),
      ...(service === '' ? {} : { service }),
      ...(trace === '' ? {} : { trace }),
    }),
    [from, text, severity, service, trace],
  );
  const stack = usePageStack<LogLine>('ListLogs', input);
  const rows = stack.items?.map((line, index) => ({ ...line, key: `${line.at} ${index}` }));
  return (
    <Section flush>
      <div className="table-bar">
        <FilterField value={text} onChange={setText} label="Part of the text" />
        <Select
          className="filter-short"
          aria-label="Severity"
          data={severities}
          value={severity}
          onChange={(next) => setSeverity(next ?? '')}
          allowDeselect={false}
        />
        <FilterField value={service} onChange={setService} label="Program" />
        {trace !== '' && <FilterField value={trace} onChange={setTrace} label="Trace" />}
        <RangePicker range={range} onChange={setRange} />
        <span className="grow" />
        <Live mode={stack.problem ? 'lost' : 'polled'} heardAt={stack.heardAt} />
      </div>
      {stack.problem && (
        <div className="section-body">
          <Refusal problem={stack.problem} again={stack.again} />
        </div>
      )}
      {!rows && !stack.problem && <Waiting rows={8} />}
      {rows?.length === 0 && (
        <Empty icon="log" title={input.from === from && Object.keys(input).length === 2 ? 'No log records in this time' : 'Nothing fits'}>
          Point an OpenTelemetry SDK at the OTLP door; the overview has the lines.
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <>
          <Table
            label="Log records"
            columns={columnsFor(setOpen)}
            rows={rows}
            rowKey={({ key }) => key}
            onOpen={setOpen}
            onEnd={stack.loadMore}
          />
          <div className="table-end">
            <span>
              {exactCount(rows.length)} {plural(rows.length, 'record')}
            </span>
            {stack.more && (
              <Button size="small" busy={stack.busy} onClick={stack.loadMore}>
                Older
              </Button>
            )}
          </div>
        </>
      )}
      {open && (
        <RecordDialog title={open.service || 'Log record'} record={open} onClose={() => setOpen(undefined)}>
          {open.trace !== '' && <LinkButton to={link('telemetry', 'traces', open.trace)}>Its trace</LinkButton>}
        </RecordDialog>
      )}
    </Section>
  );
}

function columnsFor(open: (line: LogLine) => void): Column<LogLine & { key: string }>[] {
  return [
    { key: 'at', title: 'When', width: '90px', show: ({ at }) => <span title={new Date(at).toISOString()}>{clock(at)}</span> },
    { key: 'severity', title: 'Severity', show: ({ severity, severityText }) => <Severity severity={severity} text={severityText} /> },
    { key: 'service', title: 'Program', spare: 1, show: ({ service }) => <span className="cell-long cut">{service}</span> },
    {
      key: 'body',
      title: 'Text',
      width: '70%',
      show: (line) => (
        <button type="button" className="cell-button log-text mono" title={line.body} onClick={() => open(line)}>
          {line.body === '' ? '(no text)' : line.body}
        </button>
      ),
    },
  ];
}
