import { fault, OperationError } from '#kernel/contract/fault.ts';
import type { Fields } from '../domain/json.ts';
import type { payments } from '../service.ts';

type Code = keyof typeof payments.errors;

/** What the API's error object says besides the message. */
export type Refusal = Fields & { type: string };

/** An error in the words of the API. */
export function refuse(code: Code, message: string, more: Fields = {}): OperationError {
  const type = code === 'CardRefused' ? 'card_error' : 'invalid_request_error';
  return fault(code as never, { detail: message, cause: { type, ...more } satisfies Refusal });
}

export const missing = (object: string, id: string, param = 'id'): OperationError =>
  refuse('ResourceMissing', `No such ${object}: '${id}'`, { code: 'resource_missing', param });

export const invalid = (param: string, message: string, code = 'parameter_invalid'): OperationError =>
  refuse('ParameterInvalid', message, { code, param });

/** What an error says to the API, if it was made here. */
export function refusalOf(error: unknown): Refusal | undefined {
  const cause = error instanceof OperationError ? (error.cause as Partial<Refusal> | undefined) : undefined;
  return typeof cause === 'object' && cause !== null && typeof cause.type === 'string' ? (cause as Refusal) : undefined;
}

/** An error as it is kept, and made again from what was kept. */
export const keptError = (error: OperationError): Fields => ({
  code: error.code,
  detail: error.detail ?? '',
  refusal: refusalOf(error) ?? null,
});

export const errorOf = ({ code, detail, refusal }: Fields, more: Fields = {}): OperationError =>
  fault(String(code), { detail: String(detail), cause: { ...(refusal as Refusal), ...more } });
