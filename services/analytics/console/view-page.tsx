import { useEffect, useRef, useState } from 'react';
import { useMay, useOperation } from '#console/api/call.ts';
import { duration } from '#console/format/moment.ts';
import { exactCount } from '#console/format/quantity.ts';
import { useAsk } from '#console/operation/ask.ts';
import { Button } from '#console/part/button.tsx';
import { CodeBlock } from '#console/part/code.tsx';
import { Live } from '#console/part/live.tsx';
import { Figure, PageHead, Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { Status } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import { Followed } from './editor.tsx';
import { lookMs } from './limits.ts';
import { type OperatorNode, PlanGraph } from './plan-graph.tsx';

type ViewAtWork = {
  readonly name: string;
  readonly source: string;
  readonly text: string;
  readonly epoch: string;
  readonly groups: string;
  readonly rejected: string;
  readonly rejection?: string;
  readonly lag: readonly { readonly source: string; readonly records: number; readonly ageMs: number }[];
  readonly sharing?: { readonly workers: number; readonly ringBytes: number; readonly ringMaxBytes: number };
  readonly operators: readonly OperatorNode[];
  readonly code: readonly string[];
};

/** Rows a second of each operator, between the last two looks. */
function useRates(operators: readonly OperatorNode[] | undefined, at: number | undefined): readonly (number | undefined)[] {
  const last = useRef<{ at: number; operators: readonly OperatorNode[] }>(undefined);
  const [rates, setRates] = useState<readonly (number | undefined)[]>([]);
  useEffect(() => {
    if (!operators || at === undefined) return;
    const { current: before } = last;
    if (before && at > before.at)
      setRates(
        operators.map(({ rows }, place) => {
          const was = before.operators[place]?.rows;
          return rows === undefined || was === undefined || rows < was ? undefined : ((rows - was) * 1000) / (at - before.at);
        }),
      );
    last.current = { at, operators };
  }, [operators, at]);
  return rates;
}

/** A view at work: its rows as they change, its plan with what goes through it, its statement and the code that was generated. */
export function ViewPage({ name }: { name: string }) {
  const may = useMay('analytics');
  const ask = useAsk();
  const reading = useOperation<ViewAtWork>('analytics', 'GetView', name, {}, { everyMs: lookMs });
  const { value, heardAt } = reading;
  const rates = useRates(value?.operators, heardAt);
  const actions = may('DeleteView') && (
    <Button look="danger" onClick={() => ask('analytics', 'DeleteView', name)}>
      Drop
    </Button>
  );
  return (
    <div className="page">
      <PageHead
        title={name}
        name={name}
        text={value ? `A view over ${value.source}.` : ''}
        aside={<Live mode={reading.problem ? 'lost' : 'polled'} heardAt={heardAt} />}
        actions={actions}
      />
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!value && !reading.problem && <Waiting rows={5} />}
      {value && <AtWork view={value} rates={rates} />}
    </div>
  );
}

function AtWork({ view, rates }: { view: ViewAtWork; rates: readonly (number | undefined)[] }) {
  const entries = view.operators.reduce((sum, { entries: own = 0 }) => sum + own, 0);
  const scans = view.operators.flatMap(({ inputs }, at) => (inputs.length === 0 ? [rates[at] ?? 0] : []));
  const rejected = Number(view.rejected);
  const rows = view.operators.map((node, at) => ({ node, at, rate: rates[at] }));
  return (
    <div className="stack">
      <div className="figures">
        <Figure label="Rows" value={exactCount(Number(view.groups))} note={`as of commit ${exactCount(Number(view.epoch))}`} />
        <Figure label="In" value={`${exactCount(Math.round(scans.reduce((sum, rate) => sum + rate, 0)))}/s`} note="rows of sources" />
        <Behind view={view} />
        <Figure label="State" value={exactCount(entries)} note="rows and groups that operators remember" />
        <Figure
          label="Rejected"
          value={exactCount(rejected)}
          note={rejected > 0 ? <Status tone="warn">{view.rejection ?? 'records that do not fit'}</Status> : 'records that do not fit'}
        />
      </div>
      <Followed name={view.name} />
      <Section title="Plan" text="Rows go down from the sources; what is part of the next is one function with it.">
        <PlanGraph operators={view.operators} rates={rates} />
      </Section>
      <Section flush title="Operators">
        <Table label="Operators" columns={operatorColumns} rows={rows} rowKey={({ at }) => String(at)} />
      </Section>
      <Section title="Statement">
        <CodeBlock text={view.text} label="Statement" />
      </Section>
      <Section title="Generated code" text="What V8 compiles for this view; names and values of the statement are no part of it.">
        <CodeBlock text={view.code.join('\n')} label="Generated code" />
      </Section>
    </div>
  );
}

/** How far the view is behind its sources, and who shares it. */
function Behind({ view: { lag, sharing } }: { view: Pick<ViewAtWork, 'lag' | 'sharing'> }) {
  const records = lag.reduce((sum, each) => sum + each.records, 0);
  const age = Math.max(0, ...lag.map(({ ageMs }) => ageMs));
  const { workers = 0, ringBytes = 0, ringMaxBytes = 1 } = sharing ?? {};
  const shared = sharing ? `, shared by ${workers} workers, rings ${Math.round((100 * ringBytes) / ringMaxBytes)} % full` : '';
  const note = records === 0 ? `nothing waits${shared}` : `records not read yet, the oldest for ${duration(age)}${shared}`;
  return <Figure label="Lag" value={exactCount(records)} note={note} />;
}

type OperatorRow = { readonly node: OperatorNode; readonly at: number; readonly rate: number | undefined };
const none = <span className="faint">–</span>;

const operatorColumns: readonly Column<OperatorRow>[] = [
  {
    key: 'what',
    title: 'Operator',
    show: ({ node: { lines } }) => (
      <span className="cell-long cut" title={lines.join('\n')}>
        <strong>{lines[0]}</strong> <span className="dim">{lines.slice(1).join('; ')}</span>
      </span>
    ),
  },
  { key: 'rows', title: 'Rows out', right: true, show: ({ node: { rows } }) => (rows === undefined ? none : exactCount(rows)) },
  { key: 'rate', title: 'A second', right: true, spare: 1, show: ({ rate }) => (rate === undefined ? none : exactCount(Math.round(rate))) },
  {
    key: 'state',
    title: 'State',
    right: true,
    spare: 1,
    show: ({ node: { entries } }) => (entries === undefined ? none : exactCount(entries)),
  },
  {
    key: 'watermark',
    title: 'Watermark',
    spare: 2,
    show: ({ node: { watermark } }) => (watermark === undefined ? none : <When at={watermark} />),
  },
];
