import { STATUS_CODES } from 'node:http';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import { type HttpDoor, type HttpOptions, HttpServer } from './http.ts';
import { managementRequestMs, paramLengthMax } from './limits.ts';

export type ErrorHandler = (error: OperationError, request: FastifyRequest, reply: FastifyReply) => unknown;

export type ManagementOptions = HttpOptions & {
  /** Words an operating error; problem details if not said. What is no operating error has been logged and made Internal. */
  readonly onError?: ErrorHandler;
};

/** Routes are put on `app` first; `open` then listens. `close` of the door it returns closes the app too. */
export type Management = { readonly app: FastifyInstance; open(): Promise<HttpDoor> };

/**
 * A Fastify instance on `listen`, for management HTTP. Bodies are not parsed: `request.body` is the raw stream, read by
 * `readBody` and `parseJson`; schemas are checked by `invoke`.
 */
export function managementServer(options: ManagementOptions): Management {
  const http = new HttpServer({ ...options, limits: { requestMs: managementRequestMs, ...options.limits } });
  const onError = options.onError ?? answerProblem;
  const answer = (error: unknown, request: FastifyRequest, reply: FastifyReply) => onError(operating(error, options), request, reply);
  const app = fastify({
    logger: false,
    trustProxy: false,
    routerOptions: { maxParamLength: paramLengthMax },
    requestIdHeader: false,
    exposeHeadRoutes: true,
    // The server answers what its parser refuses before Fastify hears of it.
    clientErrorHandler: () => {},
    frameworkErrors: answer,
    serverFactory: (handler) => {
      http.serve(handler);
      return http.server;
    },
  });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.setErrorHandler(answer);
  app.setNotFoundHandler((request, reply) => answer(fault('NoSuchOperation'), request, reply));
  return { app, open: () => open(app, http) };
}

async function open(app: FastifyInstance, http: HttpServer): Promise<HttpDoor> {
  await app.ready();
  const door = await http.open();
  const close = async () => {
    await door.close();
    await app.close();
  };
  return { ...door, close, [Symbol.asyncDispose]: close };
}

/** Fastify's own refusals become rows of the table; everything else that is no operating error is a bug. */
function operating(error: unknown, options: ManagementOptions): OperationError {
  if (error instanceof OperationError) return error;
  const { code, statusCode } = error as Partial<FastifyError>;
  if (code?.startsWith('FST_') && statusCode !== undefined && statusCode < 500) {
    if (statusCode === 413) return fault('TooLarge');
    if (statusCode === 415) return fault('UnsupportedMedia');
    if (statusCode === 404) return fault('NoSuchOperation');
    return fault('BadInput', { detail: 'The address or head of the request is malformed.', cause: error });
  }
  options.log?.('error', 'a request failed', { door: options.name, error });
  return fault('Internal', { cause: error });
}

/** RFC 9457. */
const answerProblem: ErrorHandler = (error, _request, reply) => {
  if (error.retryAfterMs !== undefined) void reply.header('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
  return reply
    .code(error.status)
    .header('content-type', 'application/problem+json')
    // Bytes, because Fastify adds a charset to text, which RFC 8259 does not know.
    .send(Buffer.from(JSON.stringify({
      type: 'about:blank',
      title: STATUS_CODES[error.status],
      status: error.status,
      code: error.code,
      detail: error.status === 500 ? undefined : error.message,
      path: error.path,
    })));
};
