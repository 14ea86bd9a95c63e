import type { Operation } from '#kernel/contract/contract.ts';
import { Found, input, List, may, nothing, oneOf, page, read } from './field.ts';
import { payoutRails } from '../domain/payout-rail.ts';
import { Type } from '#kernel/contract/type.ts';

const on = { on: 'ClearingFile' } as const;

/** The files that go to clearing houses, and come from them, which are simulated. */
export const clearingFileOperations = {
  GetClearingFile: { ...on, ...read, text: 'Read what is known of a file of a clearing house.', input: nothing, output: Found },
  GetClearingFileContents: {
    ...on,
    ...read,
    text: 'Read a file as it went to a clearing house, or came from it: NACHA, or ISO 20022.',
    input: nothing,
    output: Type.Object({ id: Type.String(), object: Type.String(), format: Type.String(), content: Type.String() }),
  },
  ListClearingFiles: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List the files of clearing houses, newest first.',
    input: input({ ...page, rail: may(oneOf(...payoutRails)), direction: may(oneOf('sent', 'received')) }),
    output: List,
  },
} as const satisfies Record<string, Operation>;
