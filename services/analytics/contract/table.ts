import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { spanMaxMs } from '../domain/limits.ts';
import { indexColumnsMax, loadRowsMax, paramsMax, textMax, valueMax } from './limits.ts';
import { asked, Cell, closed, Column, committed, followed, Name, none, read, Text, Transaction, TypeName, within, write } from './part.ts';

const Table = Type.Object({
  name: Type.String(),
  topic: Type.String({ description: 'The topic that its changes go into.' }),
  text: Type.String({ description: 'The statement that made it.' }),
  columns: Type.Array(Column),
  key: Type.Array(Type.String(), { description: 'The columns of its primary key.' }),
  required: Type.Array(Type.String(), { description: 'The columns that take no NULL.' }),
  epoch: Type.String({ description: 'Commits so far.' }),
  rows: Type.String({ description: 'Different rows that it has.' }),
});

const changed = { on: 'Table', effect: 'write', audit: 'before-reply', repeat: 'refuse', errors: ['StatementRefused'] } as const;

/** The operations on tables. */
export const tableOperations = {
  CreateTable: {
    ...write,
    on: 'Table',
    at: 'new',
    text: 'Make a table: rows that statements change, and whose changes go into a topic of its own.',
    input: Type.Object({ name: Name, text: Text, ...within }, closed),
    output: Table,
  },
  ListTables: {
    ...read,
    on: 'Table',
    at: 'collection',
    text: 'List tables in order of name.',
    input: none,
    output: Type.Object({ items: Type.Array(Table) }),
  },
  UpdateTable: {
    ...write,
    on: 'Table',
    text: 'Give a table another name, or an empty column, let it remember what was, or alter it by a statement within a transaction.',
    input: Type.Object(
      {
        ...{ name: Type.Optional(Name), add: Type.Optional(Column), statement: Type.Optional(Text), ...within },
        historyMs: Type.Optional(
          Type.Integer({ minimum: 0, maximum: spanMaxMs, description: 'For how long it remembers what was; 0 for not at all.' }),
        ),
      },
      closed,
    ),
    output: none,
  },
  DeleteTable: {
    ...write,
    on: 'Table',
    essential: true,
    text: 'Drop a table that no view needs, with its rows; its topic stays.',
    input: Type.Object(within, closed),
    output: Type.Object({}),
  },
  CreateIndex: {
    ...write,
    on: 'Table',
    text: 'Find rows of a table by the values of columns, which no two rows share where the index is unique.',
    input: Type.Object(
      {
        name: Name,
        columns: Type.Array(Name, { minItems: 1, maxItems: indexColumnsMax }),
        unique: Type.Optional(Type.Boolean({ description: 'Whether no two rows have the same values.' })),
        ...within,
      },
      closed,
    ),
    output: none,
  },
  DeleteIndex: { ...write, on: 'Table', text: 'Drop an index of a table.', input: Type.Object({ name: Name }, closed), output: none },
  ReadTable: { ...read, ...asked, on: 'Table', text: 'Ask a table: a SELECT from it, as of its last commit. It may name others too.' },
  WriteTable: {
    ...changed,
    expose: ['rest', 'cli', 'console'],
    text: 'Change the rows of a table by INSERT, UPDATE or DELETE.',
    input: Type.Object(
      {
        text: Type.String({ minLength: 1, maxLength: textMax }),
        types: Type.Optional(Type.Array(TypeName, { maxItems: paramsMax })),
        params: Type.Optional(Type.Array(Type.Union([Type.String({ maxLength: valueMax }), Type.Null()]), { maxItems: paramsMax })),
        transaction: Type.Optional(Transaction),
      },
      closed,
    ),
    output: Type.Object({
      count: Type.Integer({ description: 'Rows that were changed.' }),
      fields: Type.Array(Type.Object({ name: Type.String(), type: TypeName })),
      rows: Type.Array(Type.Array(Cell), { description: 'What RETURNING says.' }),
    }),
  },
  LoadTable: {
    ...changed,
    text: 'Add rows to a table within a transaction, as COPY does.',
    input: Type.Object(
      {
        columns: Type.Optional(Type.Array(Name)),
        rows: Type.Array(Type.Array(Cell), { maxItems: loadRowsMax }),
        transaction: Transaction,
      },
      closed,
    ),
    output: Type.Object({}),
  },
  CommitTable: {
    ...committed,
    on: 'Table',
    text: 'Commit what a transaction changed, of which this table was the first, and what it made and dropped.',
  },
  SubscribeTable: {
    on: 'Table',
    effect: 'read',
    audit: 'window',
    repeat: 'natural',
    errors: ['StatementRefused'],
    body: 'out',
    text: 'Follow a table: its rows, then those that each commit adds and takes away.',
    input: followed,
    output: Type.Object({}),
  },
} as const satisfies Readonly<Record<string, Operation>>;
