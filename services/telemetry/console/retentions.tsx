import { useMay, useOperation } from '#console/api/call.ts';
import { titleOf } from '#console/format/word.ts';
import { useAsk } from '#console/operation/ask.ts';
import { Button } from '#console/part/button.tsx';
import { Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';

type Retention = { readonly name: string; readonly days: number };

/** How long each signal is kept here. */
export function Retentions() {
  const ask = useAsk();
  const may = useMay('telemetry');
  const reading = useOperation<{ items: readonly Retention[] }>('telemetry', 'ListRetentions', '');
  const columns: Column<Retention>[] = [
    { key: 'name', title: 'Signal', show: ({ name }) => titleOf(name) },
    { key: 'days', title: 'Kept for', show: ({ days }) => `${days} days` },
    {
      key: 'actions',
      title: '',
      right: true,
      show: ({ name }) =>
        may('UpdateRetention') && (
          <Button
            size="small"
            look="quiet"
            icon="edit"
            label={`Change how long ${name} are kept`}
            onClick={() => ask('telemetry', 'UpdateRetention', name)}
          />
        ),
    },
  ];
  return (
    <Section flush>
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      {!reading.value && !reading.problem && <Waiting rows={4} />}
      {reading.value && <Table label="Retention" columns={columns} rows={reading.value.items} rowKey={({ name }) => name} />}
    </Section>
  );
}
