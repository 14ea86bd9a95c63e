import { SegmentedControl } from '@mantine/core';
import { useApi, useMay, useOperation } from '#console/api/call.ts';
import { useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import type { ThingProps } from '#console/service-page.ts';

type Durability = 'synced' | 'relaxed';

const says: Readonly<Record<Durability, string>> = {
  synced: 'A write is acknowledged when its bytes and the index are on disk.',
  relaxed: [
    'A write is acknowledged before that, and on disk about a second later.',
    'A machine that stops takes the writes of that second along; a process that stops does not.',
  ].join(' '),
};

/** What a bucket promises when it acknowledges a write. */
export function BucketDurability({ name }: ThingProps) {
  const api = useApi();
  const may = useMay('storage');
  const reading = useOperation<{ durability: Durability }>('storage', 'GetBucketDurability', name, {});
  const change = useChange();
  const durability = reading.value?.durability;
  if (!durability)
    return <Section>{reading.problem ? <Refusal problem={reading.problem} again={reading.again} /> : <Waiting rows={2} />}</Section>;
  const choose = (value: Durability) =>
    change.run(async () => {
      await api.call('storage', 'PutBucketDurability', name, { durability: value });
      notice(value === 'synced' ? 'Writes are synced from now on.' : 'Writes are relaxed from now on.');
      reading.again();
    });
  return (
    <Section title="Durability" text="It holds for writes that begin from now on. Other buckets keep their own promise.">
      <div className="stack">
        {change.problem && <Refusal problem={change.problem} compact />}
        <SegmentedControl
          size="xs"
          aria-label="Durability"
          value={durability}
          disabled={change.busy || !may('PutBucketDurability')}
          onChange={(value) => void choose(value as Durability)}
          data={[
            { value: 'synced', label: 'Synced' },
            { value: 'relaxed', label: 'Relaxed' },
          ]}
        />
        <p className="dim">{says[durability]}</p>
      </div>
    </Section>
  );
}
