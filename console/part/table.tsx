import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { Icon } from './icon.tsx';
import './table.css';

export type Column<Row> = {
  readonly key: string;
  readonly title: string;
  readonly show: (row: Row) => React.ReactNode;
  /** What to sort by; a column without it cannot be sorted. */
  readonly by?: ((row: Row) => string | number) | undefined;
  readonly right?: boolean | undefined;
  /** Left out where the table is narrow: 1 goes first on phones, 2 already on tablets. */
  readonly spare?: 1 | 2 | undefined;
  readonly width?: string | undefined;
};

export type Sorting = { readonly key: string; readonly down: boolean };

type Props<Row> = {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  sorting?: Sorting | undefined;
  onSort?: ((key: string) => void) | undefined;
  /** Called when the reader comes near the end of what is loaded. */
  onEnd?: (() => void) | undefined;
  chosen?: ReadonlySet<string> | undefined;
  onChoose?: ((keys: readonly string[], on: boolean) => void) | undefined;
  /** What a press on a row opens. */
  onOpen?: ((row: Row) => void) | undefined;
};

const rowHeight = 41;
const virtualFrom = 120;

/** A table that draws only the rows in sight once there are many, so that 100,000 scroll as ten do. */
export function Table<Row>(props: Props<Row>) {
  const { label, columns, rows, rowKey, onEnd } = props;
  const frame = useRef<HTMLDivElement>(null);
  const large = rows.length > virtualFrom;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    enabled: large,
  });
  const seen = large ? virtual.getVirtualItems() : rows.map((_, index) => ({ index }));
  const above = large ? (virtual.getVirtualItems()[0]?.start ?? 0) : 0;
  const below = large ? virtual.getTotalSize() - (virtual.getVirtualItems().at(-1)?.end ?? 0) : 0;
  const lastSeen = seen.at(-1)?.index ?? 0;
  useEffect(() => {
    if (onEnd && large && lastSeen >= rows.length - 30) onEnd();
  }, [onEnd, large, lastSeen, rows.length]);
  const width = columns.length + (props.onChoose ? 1 : 0);
  return (
    <div className={`table-frame${large ? ' table-large' : ''}`} ref={frame} tabIndex={0} role="region" aria-label={label}>
      <table className="table" aria-rowcount={rows.length + 1}>
        <Head {...props} />
        <tbody onKeyDown={stepRows}>
          {above > 0 && (
            <tr aria-hidden="true">
              <td colSpan={width} style={{ height: above, padding: 0, border: 0 }} />
            </tr>
          )}
          {seen.map(({ index }) => {
            const row = rows[index];
            return row === undefined ? null : <Line key={rowKey(row)} {...props} row={row} index={index} />;
          })}
          {below > 0 && (
            <tr aria-hidden="true">
              <td colSpan={width} style={{ height: below, padding: 0, border: 0 }} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Head<Row>({ columns, sorting, onSort, rows, rowKey, chosen, onChoose }: Props<Row>) {
  const all = rows.length > 0 && chosen !== undefined && rows.every((row) => chosen.has(rowKey(row)));
  return (
    <thead>
      <tr>
        {onChoose && (
          <th className="table-choose">
            <input type="checkbox" aria-label="Choose all rows" checked={all} onChange={() => onChoose(rows.map(rowKey), !all)} />
          </th>
        )}
        {columns.map((column) => (
          <th
            key={column.key}
            className={cellClass(column)}
            style={{ width: column.width }}
            aria-sort={sorting?.key === column.key ? (sorting.down ? 'descending' : 'ascending') : undefined}
          >
            {column.by && onSort ? (
              <button type="button" className="table-sort" onClick={() => onSort(column.key)}>
                {column.title}
                {sorting?.key === column.key && <Icon name={sorting.down ? 'down' : 'up'} size={12} />}
              </button>
            ) : column.title === '' ? (
              <span className="unseen">Actions</span>
            ) : (
              column.title
            )}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Line<Row>({ columns, row, index, rowKey, chosen, onChoose, onOpen }: Props<Row> & { row: Row; index: number }) {
  const key = rowKey(row);
  const isChosen = chosen?.has(key) ?? false;
  const open = (event: React.MouseEvent) => {
    // Links, buttons and a selection of text keep their own meaning.
    if ((event.target as HTMLElement).closest('a,button,input,label') || window.getSelection()?.toString()) return;
    onOpen?.(row);
  };
  return (
    <tr aria-rowindex={index + 2} data-chosen={isChosen || undefined} data-opens={onOpen ? true : undefined} onClick={open}>
      {onChoose && (
        <td className="table-choose">
          <input type="checkbox" aria-label={`Choose ${key}`} checked={isChosen} onChange={() => onChoose([key], !isChosen)} />
        </td>
      )}
      {columns.map((column) => (
        <td key={column.key} className={cellClass(column)}>
          {column.show(row)}
        </td>
      ))}
    </tr>
  );
}

function cellClass<Row>(column: Column<Row>): string | undefined {
  return [column.right && 'right', column.spare && `table-spare-${column.spare}`].filter(Boolean).join(' ') || undefined;
}

/** Arrow keys walk over the first link of each row. */
function stepRows(event: React.KeyboardEvent): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const line = (event.target as HTMLElement).closest('tr');
  const next = event.key === 'ArrowDown' ? line?.nextElementSibling : line?.previousElementSibling;
  const stop = next?.querySelector<HTMLElement>('a, button, input');
  if (!stop) return;
  event.preventDefault();
  stop.focus();
}

/** The rows in the order a column asks for; equal rows keep their place. */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sorting: Sorting | undefined): readonly Row[] {
  const by = columns.find((column) => column.key === sorting?.key)?.by;
  if (!by || !sorting) return rows;
  const sign = sorting.down ? -1 : 1;
  return rows.toSorted((a, b) => sign * compare(by(a), by(b)));
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}
