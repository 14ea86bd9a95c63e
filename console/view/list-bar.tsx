import { Menu, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { typingPauseMs } from '../limits.ts';
import { Button } from '../part/button.tsx';
import { Icon } from '../part/icon.tsx';
import type { Column } from '../part/table.tsx';
import type { ListView } from './list-view.ts';

type Props<Row> = {
  view: ListView;
  columns: readonly Column<Row>[];
  byPrefix: boolean;
  aside?: React.ReactNode;
  children?: React.ReactNode;
};

/** Above a list: the filter, what can be done with the chosen rows, which columns show. */
export function ListBar<Row>({ view, columns, byPrefix, aside, children }: Props<Row>) {
  return (
    <div className="table-bar">
      <FilterField value={view.filter} onChange={view.setFilter} label={byPrefix ? 'Names that begin with…' : 'Filter'} />
      {children}
      <span className="grow" />
      {aside}
      <Menu position="bottom-end" closeOnItemClick={false} transitionProps={{ duration: 0 }}>
        <Menu.Target>
          <Button look="quiet" icon="columns" label="Columns" />
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Columns</Menu.Label>
          {columns
            .filter((column) => column.key !== 'name' && column.title !== '')
            .map((column) => (
              <Menu.Item
                key={column.key}
                role="menuitemcheckbox"
                aria-checked={!view.hidden.has(column.key)}
                onClick={() => view.toggle(column.key)}
                rightSection={view.hidden.has(column.key) ? undefined : <Icon name="check" size={14} />}
              >
                {column.title}
              </Menu.Item>
            ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

/** A filter that waits for a pause in typing. */
export function FilterField({ value, onChange, label }: { value: string; onChange: (value: string) => void; label: string }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => onChange(typed), typingPauseMs);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <TextInput
      className="filter"
      aria-label={label}
      placeholder={label}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      leftSection={<Icon name="search" size={14} />}
      spellCheck={false}
    />
  );
}
