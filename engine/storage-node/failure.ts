import { codeMaxBytes } from '#wire/storage-node/limits.ts';
import type { NodeFailure } from '#wire/storage-node/answer.ts';

/** The code of what is asked of a node that is not there. */
export const nodeAway = 'NodeAway';
/** The code of what is asked of a drive that a node was not given. */
export const notServed = 'NotServed';

/** What a node answered that it did not do, or why it could not be asked; `code` as the system's errors have it. */
export class NodeError extends Error {
  override readonly name = 'NodeError';
  readonly code: string;

  constructor(code: string, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/** How an error is told to storage. One without a code of the system is told as damage. */
export function failureOf(error: unknown): NodeFailure {
  const { code, message } = error as NodeJS.ErrnoException;
  const isCode = typeof code === 'string' && code.length <= codeMaxBytes && /^[A-Za-z][A-Za-z0-9_]*$/.test(code);
  return { code: isCode ? code : 'EBADMSG', sentence: message ?? String(error) };
}
