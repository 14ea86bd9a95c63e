import { useMemo } from 'react';
import { type Column, Table } from '#console/part/table.tsx';
import type { Cells } from './follow.ts';
import { shownRowsMax } from './limits.ts';

type Line = { readonly key: string; readonly cells: Cells };

const numbers = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8']);

/** Rows of a query or a view; NULL is told apart from an empty text. */
export function RowTable({
  label,
  fields,
  rows,
}: {
  label: string;
  fields: readonly { name: string; type: string }[];
  rows: readonly Cells[];
}) {
  const lines = useMemo(
    () => rows.slice(0, shownRowsMax).map((cells, at): Line => ({ key: `${at} ${JSON.stringify(cells)}`, cells })),
    [rows],
  );
  const columns = fields.map(
    ({ name, type }, at): Column<Line> => ({
      ...{ key: `${at}`, title: name, right: numbers.has(type) },
      show: ({ cells }) => (cells[at] === null || cells[at] === undefined ? <span className="faint">null</span> : cells[at]),
    }),
  );
  return <Table label={label} columns={columns} rows={lines} rowKey={({ key }) => key} />;
}
