import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { columnsInMax } from './limits.ts';
import { Column, committed, Name, none, read, TypeName, within, write, closed } from './part.ts';

const RowType = Type.Object({ name: Type.String(), fields: Type.Array(Column), type: TypeName });

/** The operations on types of rows. */
export const rowTypeOperations = {
  CreateType: {
    ...write,
    on: 'Type',
    at: 'new',
    text: 'Make a type of rows, of which columns may be.',
    input: Type.Object({ name: Name, fields: Type.Array(Column, { minItems: 1, maxItems: columnsInMax }), ...within }, closed),
    output: RowType,
  },
  CommitType: { ...committed, on: 'Type', text: 'Commit what a transaction did, of which this type was the first.' },
  ListTypes: {
    ...read,
    on: 'Type',
    at: 'collection',
    text: 'List types of rows in order of name.',
    input: none,
    output: Type.Object({ items: Type.Array(RowType) }),
  },
  DeleteType: {
    ...write,
    on: 'Type',
    essential: true,
    text: 'Drop a type of rows that nothing is of.',
    input: Type.Object(within, closed),
    output: Type.Object({}),
  },
} as const satisfies Readonly<Record<string, Operation>>;
