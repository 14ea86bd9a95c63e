import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Name, none, closed, read, Text, write } from './part.ts';

const SqlFunction = Type.Object({ name: Type.String(), text: Type.String({ description: 'The statement that made it.' }) });

/** The operations on functions. */
export const functionOperations = {
  CreateFunction: {
    ...write,
    on: 'Function',
    at: 'new',
    text: 'Make a function: an expression over its parameters in SQL, or a body in JavaScript or WebAssembly.',
    input: Type.Object({ name: Name, text: Text }, closed),
    output: SqlFunction,
  },
  ListFunctions: {
    ...read,
    on: 'Function',
    at: 'collection',
    text: 'List functions in order of name.',
    input: none,
    output: Type.Object({ items: Type.Array(SqlFunction) }),
  },
  DeleteFunction: {
    ...write,
    on: 'Function',
    essential: true,
    text: 'Drop a function that no view, sink or other function calls.',
    input: none,
    output: Type.Object({}),
  },
} as const satisfies Readonly<Record<string, Operation>>;
