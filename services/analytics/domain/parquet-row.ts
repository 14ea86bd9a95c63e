import type { Column as ParquetColumn, ColumnType, ParquetValue } from '#wire/parquet/file.ts';
import { type Column, type Plain, readValue, type Type } from './value.ts';

const types: Readonly<Record<Plain, ColumnType>> = {
  ...{
    bool: 'boolean',
    int2: 'integer',
    int4: 'integer',
    int8: 'integer',
    float4: 'double',
    float8: 'double',
    date: 'date',
    timestamp: 'instant',
    timestamptz: 'instant',
  },
  // Decimals of any scale and intervals have no type in Parquet.
  ...{ numeric: 'text', text: 'text', interval: 'text', bytea: 'text', uuid: 'text', json: 'text', jsonb: 'text', time: 'text' },
};

export const parquetColumns = (columns: readonly Column[]): ParquetColumn[] =>
  columns.map(({ name, type }) => ({ name, type: parquetType(type) }));

/** Arrays are text, in PostgreSQL's form. */
const parquetType = (type: Type): ColumnType => types[type as Plain] ?? 'text';

/** A value as Parquet has it, from its text. */
export function parquetValue(type: Type, cell: string | null): ParquetValue {
  if (cell === null) return undefined;
  return parquetType(type) === 'text' ? cell : (readValue(type, cell) as boolean | number | bigint);
}
