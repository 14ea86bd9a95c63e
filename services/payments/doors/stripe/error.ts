import { OperationError, fault } from '#kernel/contract/fault.ts';
import { type MalformedDialect, rawReply } from '#kernel/listen/malformed.ts';
import { faultTable } from '#kernel/contract/fault.ts';
import { payments } from '../../service.ts';
import { FormError } from './form.ts';
import type { Name } from './route.ts';

/** The API's error object. */
export type ErrorBody = { readonly type: string; readonly message: string; readonly [field: string]: unknown };
export type Worded = { readonly status: number; readonly body: ErrorBody; readonly retryAfterMs?: number };

const invalid = 'invalid_request_error';

/** A JSON pointer as the name of a parameter: /card/number is card[number]. */
function parameterOf(pointer: string): string {
  const [first = '', ...rest] = pointer.split('/').slice(1);
  return [first, ...rest.map((part) => `[${part}]`)].join('').replaceAll('~1', '/').replaceAll('~0', '~');
}

/** An input that does not fit its schema. */
function wordInput({ path = '', detail = '' }: OperationError): ErrorBody {
  if (!path.startsWith('/')) return { type: invalid, message: detail };
  const param = parameterOf(path);
  if (detail === 'is not a known field')
    return { type: invalid, code: 'parameter_unknown', param, message: `Received unknown parameter: ${param}` };
  if (detail === 'is required') return { type: invalid, code: 'parameter_missing', param, message: `Missing required param: ${param}.` };
  return { type: invalid, code: 'parameter_invalid', param, message: `Invalid ${param}: ${detail}` };
}

const words: Readonly<Record<string, (error: OperationError) => Omit<Worded, 'retryAfterMs'>>> = {
  Unauthenticated: (error) => ({ status: 401, body: { type: invalid, message: error.detail ?? error.message } }),
  Expired: () => ({ status: 401, body: { type: invalid, code: 'api_key_expired', message: 'Expired API Key provided.' } }),
  NoSuchOperation: (error) => ({ status: 404, body: { type: invalid, message: error.detail ?? error.message } }),
  RepeatConflict: () => ({
    status: 400,
    body: {
      type: 'idempotency_error',
      message: 'Keys for idempotent requests can only be used with the same parameters they were first used with.',
    },
  }),
  RepeatInFlight: () => ({
    status: 409,
    body: {
      ...{ type: 'idempotency_error', code: 'idempotency_key_in_use' },
      message: 'There is currently another in-progress request using this Idempotency-Key. Please try again later.',
    },
  }),
  Conflict: () => ({
    status: 409,
    body: { type: invalid, code: 'lock_timeout', message: 'This object cannot be accessed right now because another request is using it.' },
  }),
  TooMany: () => ({ status: 429, body: { type: invalid, code: 'rate_limit', message: 'Too many requests: the rate allowed is used up.' } }),
  BadInput: (error) => ({ status: 400, body: wordInput(error) }),
  UnsupportedMedia: () => ({
    status: 400,
    body: { type: invalid, message: 'The Content-Type of a request with a body is application/x-www-form-urlencoded.' },
  }),
};

/** What a restricted key lacks, by the permission that would let it through. */
function wordDenial({ detail = '', message }: OperationError, authorization = ''): ErrorBody {
  const [key = ''] = /rk_(?:test|live)_\w+/.exec(authorization) ?? [];
  const [, operation = ''] = /^(\w+) on /.exec(detail) ?? [];
  if (key === '' || !isOperation(operation)) return { type: invalid, message: detail === '' ? message : detail };
  const { on, effect } = payments.operations[operation];
  const resource = on.replaceAll(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  const permission = `rak_${resource}_${effect === 'read' ? 'read' : 'write'}`;
  const shown = `${key.slice(0, 8)}${'*'.repeat(9)}${key.slice(-4)}`;
  return {
    type: invalid,
    code: 'more_permissions_required',
    message:
      `The provided key '${shown}' does not have the required permissions for this endpoint. ` +
      `Having the '${permission}' permission would allow this request to continue.`,
  };
}

const isOperation = (name: string): name is Name => Object.hasOwn(payments.operations, name);

/** Any error in the words of the API, with its status. */
export function wordError(error: unknown, authorization?: string): Worded {
  if (error instanceof FormError) return { status: 400, body: { type: invalid, message: error.message } };
  const known = error instanceof OperationError ? error : fault('Internal', { cause: error });
  const said = known.cause as { readonly type?: unknown } | undefined;
  if (typeof said === 'object' && said !== null && typeof said.type === 'string')
    return { status: known.status, body: { ...said, type: said.type, message: known.detail ?? known.message } };
  if (known.code === 'Denied') return { status: 403, body: wordDenial(known, authorization) };
  const word = Object.hasOwn(words, known.code) ? words[known.code] : undefined;
  const more = known.retryAfterMs === undefined ? {} : { retryAfterMs: known.retryAfterMs };
  if (word) return { ...word(known), ...more };
  const type = known.status >= 500 ? 'api_error' : invalid;
  return { status: known.status, body: { type, message: known.message }, ...more };
}

/** What is no HTTP, in the same form. */
export const malformedStripe: MalformedDialect = (code) => {
  const row = faultTable().get(code);
  const error = { type: code === 'Internal' ? 'api_error' : invalid, message: row?.text ?? code };
  return rawReply(row?.status ?? 400, 'application/json', JSON.stringify({ error }));
};
