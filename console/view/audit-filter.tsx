import { Select } from '@mantine/core';
import type { AuditFilter } from '../api/audit.ts';
import { useServed } from '../api/contract.ts';
import { FilterField } from './list-bar.tsx';

export type AuditView = {
  readonly service: string;
  readonly operation: string;
  readonly resource: string;
  readonly span: 'all' | 'hour' | 'day' | 'week';
};

const spans = [
  { value: 'all', label: 'Any time' },
  { value: 'hour', label: 'Last hour' },
  { value: 'day', label: 'Last 24 hours' },
  { value: 'week', label: 'Last 7 days' },
];
const minute = 60_000;
const lengths = { hour: 60 * minute, day: 24 * 60 * minute, week: 7 * 24 * 60 * minute } as const;

/** What is asked of the platform. Times are cut to the minute, so that following does not ask anew each time. */
export function filterOf(view: AuditView): AuditFilter {
  return {
    service: view.service || undefined,
    operation: view.operation || undefined,
    resource: view.resource || undefined,
    from: view.span === 'all' ? undefined : Math.floor((Date.now() - lengths[view.span]) / minute) * minute,
  };
}

type Props = { view: AuditView; onChange: (view: AuditView) => void; fixed: AuditFilter };

/** The platform compares whole words, so services and operations are chosen, not typed. */
export function AuditFilterBar({ view, onChange, fixed }: Props) {
  const services = useServed().value?.services ?? {};
  const service = fixed.service ?? view.service;
  const operations = [
    ...new Set(
      Object.values(services)
        .filter(({ name }) => service === '' || name === service)
        .flatMap((contract) => Object.keys(contract.operations)),
    ),
  ].sort();
  return (
    <>
      {fixed.service === undefined && (
        <Select
          className="filter-short"
          aria-label="Service"
          placeholder="Any service"
          data={Object.keys(services)}
          value={view.service || null}
          onChange={(next) => onChange({ ...view, service: next ?? '', operation: '' })}
          clearable
          clearButtonProps={{ 'aria-label': 'Any service' }}
        />
      )}
      <Select
        aria-label="Operation"
        placeholder="Any operation"
        className="filter"
        data={operations}
        value={view.operation || null}
        onChange={(next) => onChange({ ...view, operation: next ?? '' })}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'Any operation' }}
      />
      {fixed.resource === undefined && (
        <FilterField value={view.resource} onChange={(text) => onChange({ ...view, resource: text })} label="Resource, by its whole name" />
      )}
      <Select
        className="filter-short"
        aria-label="Time"
        data={spans}
        value={view.span}
        onChange={(span) => onChange({ ...view, span: (span ?? 'all') as AuditView['span'] })}
        allowDeselect={false}
      />
    </>
  );
}
