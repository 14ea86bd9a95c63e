import { SegmentedControl } from '@mantine/core';

export type Range = 'hour' | 'day' | 'week';

const minute = 60_000;
const hour = 60 * minute;

/** How far back is looked, and how wide the steps of a chart are then. */
export const ranges: Readonly<Record<Range, { title: string; length: number; step: number }>> = {
  hour: { title: '1 hour', length: hour, step: minute },
  day: { title: '24 hours', length: 24 * hour, step: 30 * minute },
  week: { title: '7 days', length: 7 * 24 * hour, step: 3 * hour },
};

/** The span of a range: whole steps, the last of which still runs. It moves on only when that one is over. */
export function spanOf(range: Range): { from: number; to: number; step: number } {
  const { length, step } = ranges[range];
  const to = Math.ceil(Date.now() / step) * step;
  return { from: to - length, to, step };
}

export function RangePicker({ range, onChange }: { range: Range; onChange: (range: Range) => void }) {
  return (
    <SegmentedControl
      size="xs"
      aria-label="Range"
      value={range}
      onChange={(value) => onChange(value as Range)}
      data={Object.entries(ranges).map(([value, { title }]) => ({ value, label: title }))}
    />
  );
}
