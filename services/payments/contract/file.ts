import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Found, input, List, may, nothing, oneOf, page, read, Text, write } from './field.ts';
import { fileBytesMax } from './limits.ts';

const file = { on: 'File' } as const;
export const purposes = [
  ...['account_requirement', 'additional_verification', 'business_icon', 'business_logo', 'customer_signature', 'dispute_evidence'],
  ...['identity_document', 'pci_document', 'tax_document_user_upload', 'terminal_reader_splashscreen'],
];
const base64 = (bytes: number) => Math.ceil(bytes / 3) * 4;
const Content = Type.String({ minLength: 4, maxLength: base64(fileBytesMax), pattern: '^[A-Za-z0-9+/]+={0,2}$' });

export const fileOperations = {
  CreateFile: {
    ...file,
    ...write,
    at: 'collection',
    text: 'Keep a file, such as evidence; in JSON its bytes are base64.',
    input: input({ purpose: oneOf(...purposes), filename: may(Text), content: Content }),
    output: Found,
  },
  GetFile: { ...file, ...read, text: 'Read what a file is.', input: nothing, output: Found },
  ListFiles: {
    ...file,
    ...read,
    at: 'collection',
    text: 'List files, newest first.',
    input: input({ ...page, purpose: may(oneOf(...purposes)) }),
    output: List,
  },
  GetFileContents: {
    ...file,
    ...read,
    text: 'Read the bytes of a file, as base64.',
    input: nothing,
    output: Type.Object({ id: Type.String(), object: Type.String(), type: Type.String(), content: Type.String() }),
  },
} as const satisfies Record<string, Operation>;
