import { NumberInput, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useApi } from '#console/api/call.ts';
import { exactCount, plural } from '#console/format/quantity.ts';
import { Amount } from '#console/part/amount.tsx';
import { Button } from '#console/part/button.tsx';
import { useChange } from '#console/part/dialog.tsx';
import { Section } from '#console/part/page.tsx';
import { Refusal } from '#console/part/state.tsx';
import { Status, type Tone } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import type { Rule } from './lifecycle-rule.ts';

type Act = 'expire' | 'delete' | 'transition' | 'abort';
type Item = {
  readonly key: string;
  readonly versionId?: string;
  readonly uploadId?: string;
  readonly size: number;
  readonly latest: boolean;
  readonly act: Act;
  readonly storageClass?: string;
  readonly due: number;
  readonly locked?: true;
};
type Simulated = {
  readonly at: number;
  readonly looked: number;
  readonly complete: boolean;
  readonly totals: readonly {
    readonly act: Act;
    readonly storageClass?: string;
    readonly count: number;
    readonly sizeBytes: number;
    readonly locked: number;
  }[];
  readonly items: readonly Item[];
};

const tones: Readonly<Record<Act, Tone>> = { expire: 'bad', delete: 'bad', transition: 'note', abort: 'warn' };
const acts: Readonly<Record<Act, string>> = {
  expire: 'deleted',
  delete: 'version deleted',
  transition: 'moved',
  abort: 'upload given up',
};
type Which = 'saved' | 'draft' | 'both';

/** What would these rules delete, so many days from now? Asked of the service, which does nothing. */
export function LifecycleTrial({ bucket, rules, draft }: { bucket: string; rules: readonly Rule[]; draft: Rule | undefined }) {
  const api = useApi();
  const [asked, setAsked] = useState<Which>();
  const [days, setDays] = useState(0);
  const [told, setTold] = useState<Simulated>();
  const change = useChange();
  const can = { saved: rules.length > 0, draft: draft !== undefined, both: rules.length > 0 && draft !== undefined };
  const which: Which = asked && can[asked] ? asked : draft ? 'draft' : 'saved';
  const chosen = which === 'saved' ? rules : which === 'draft' ? [draft] : [...rules, draft];
  const run = (event: React.FormEvent) => {
    event.preventDefault();
    void change.run(async () =>
      setTold(await api.call<Simulated>('storage', 'SimulateLifecycle', bucket, { rules: chosen, afterDays: days, limit: 200 })),
    );
  };
  return (
    <Section flush title="What would be deleted?" text="Asked of what lies in the bucket now. Nothing is done.">
      <form className="table-bar trial" onSubmit={run}>
        <SegmentedControl
          size="xs"
          aria-label="Rules to try"
          value={which}
          onChange={(value) => setAsked(value as Which)}
          data={[
            { value: 'saved', label: 'Saved rules', disabled: !can.saved },
            { value: 'draft', label: 'New rule', disabled: !can.draft },
            { value: 'both', label: 'Both', disabled: !can.both },
          ]}
        />
        <NumberInput
          className="filter-short"
          aria-label="Days from now"
          prefix="in "
          suffix=" d"
          min={0}
          max={36_500}
          allowDecimal={false}
          value={days}
          onChange={(value) => setDays(Number(value) || 0)}
        />
        <Button type="submit" size="small" look="main" busy={change.busy} disabled={!can[which]}>
          Try it
        </Button>
      </form>
      {change.problem && (
        <div className="section-body">
          <Refusal problem={change.problem} compact />
        </div>
      )}
      {told ? (
        <Told told={told} />
      ) : (
        <p className="section-note dim">Every version that a rule would meet stands here, with its rule and its day.</p>
      )}
    </Section>
  );
}

function Told({ told }: { told: Simulated }) {
  const columns: readonly Column<Item>[] = [
    {
      key: 'key',
      title: 'Key',
      show: ({ key, latest, uploadId }) => (
        <span className="cell-long cut" title={key}>
          {key}
          {!latest && <span className="dim"> (old version)</span>}
          {uploadId && <span className="dim"> (upload)</span>}
        </span>
      ),
    },
    {
      key: 'act',
      title: 'Then',
      show: ({ act, storageClass, locked }) =>
        locked ? (
          <Status tone="note">kept by a lock</Status>
        ) : (
          <Status tone={tones[act]}>{act === 'transition' ? `to ${storageClass}` : acts[act]}</Status>
        ),
    },
    { key: 'size', title: 'Size', right: true, spare: 1, show: ({ size }) => <Amount value={size} unit="byte" /> },
    { key: 'due', title: 'Due', spare: 2, show: ({ due }) => <When at={due} /> },
  ];
  const locked = told.totals.reduce((sum, total) => sum + total.locked, 0);
  return (
    <>
      <div className="trial-totals" role="status">
        {told.totals
          .filter(({ count }) => count > 0)
          .map(({ act, storageClass, count, sizeBytes }, at) => (
            <span key={`${act} ${storageClass} ${at}`}>
              <Status tone={tones[act]}>
                {exactCount(count)} {act === 'transition' ? `moved to ${storageClass}` : acts[act]}
              </Status>{' '}
              {sizeBytes > 0 && (
                <span className="dim">
                  <Amount value={sizeBytes} unit="byte" />
                </span>
              )}
            </span>
          ))}
        {locked > 0 && <Status tone="note">{exactCount(locked)} kept by locks</Status>}
        {told.totals.length === 0 && <span>Nothing would be touched.</span>}
        <span className="dim">
          {exactCount(told.looked)} {plural(told.looked, 'version')} looked at
          {told.complete ? '' : '; there are more'}
        </span>
      </div>
      {told.items.length > 0 && (
        <Table
          label="What the rules would do"
          columns={columns}
          rows={told.items}
          rowKey={({ key, versionId, uploadId }) => `${key} ${versionId ?? ''} ${uploadId ?? ''}`}
        />
      )}
    </>
  );
}
