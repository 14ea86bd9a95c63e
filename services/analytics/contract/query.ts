import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { closed, Column, committed, Name, none, read, Text, within, write } from './part.ts';

const Query = Type.Object({
  name: Type.String(),
  source: Type.String({ description: 'What it names.' }),
  text: Type.String({ description: 'The statement that made it.' }),
  columns: Type.Array(Column),
});

/** The operations on plain views: whoever asks one reads what it names, and needs the rights for that. */
export const queryOperations = {
  CreateQuery: {
    ...write,
    on: 'Query',
    at: 'new',
    text: 'Make a plain view, or put it in the place of one: CREATE [OR REPLACE] VIEW.',
    input: Type.Object({ name: Name, text: Text, ...within }, closed),
    output: Query,
  },
  CommitQuery: { ...committed, on: 'Query', text: 'Commit what a transaction did, of which this plain view was the first.' },
  ListQueries: {
    ...read,
    on: 'Query',
    at: 'collection',
    text: 'List plain views in order of name.',
    input: none,
    output: Type.Object({ items: Type.Array(Query) }),
  },
  UpdateQuery: {
    ...write,
    on: 'Query',
    text: 'Give a plain view another name.',
    input: Type.Object({ name: Name, ...within }, closed),
    output: none,
  },
  DeleteQuery: {
    ...write,
    on: 'Query',
    essential: true,
    text: 'Drop a plain view that nothing else names.',
    input: Type.Object(within, closed),
    output: Type.Object({}),
  },
} as const satisfies Readonly<Record<string, Operation>>;
