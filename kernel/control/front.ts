import { randomUUID } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { fault, OperationError } from '../contract/fault.ts';
import type { AnyService } from '../contract/contract.ts';
import type { Log } from '../contract/implement.ts';
import { openApi } from '../derive/openapi.ts';
import { replyProblem } from '../derive/problem.ts';
import type { RestHandler } from '../derive/rest.ts';
import type { Connection } from '../listen/acceptor.ts';
import { operatingError } from '../session/seam-error.ts';
import { serveAsset } from './asset.ts';
import { isTilePath } from './tile-door.ts';
import { witnessPath } from './witness-door.ts';
import { type Replied, sendReply } from './session-cookie.ts';
import { passOnTo } from '../listen/pass-on.ts';

export type FrontOptions = {
  readonly rest: RestHandler;
  /** Answers `/audit/<log>/...`, the files of the audit logs. */
  readonly tile: (request: HttpRequest, response: HttpResponse, connection: Connection, path: string) => Promise<void>;
  /** Answers `/witness/add-checkpoint`, where other logs ask for cosignatures. */
  readonly witness: (request: HttpRequest, response: HttpResponse) => Promise<void>;
  readonly session: (request: HttpRequest, path: string) => Promise<Replied>;
  readonly contracts: () => Promise<Record<string, AnyService>>;
  /** The addresses of doors, `<service>.<protocol>`. */
  readonly doors: () => Promise<Record<string, { url: string }>>;
  readonly region: string;
  /** Where the console was built, or undefined. */
  readonly consoleDirectory: string | undefined;
  /** Answers /healthz and /metrics; false for anything else. */
  readonly served: (request: HttpRequest, response: HttpResponse) => boolean;
  readonly log: Log;
};

/** The platform's HTTP door: console, sessions, the platform's REST, every service's REST passed on, and the descriptions of all. */
export function frontHandler(
  options: FrontOptions,
): (request: HttpRequest, response: HttpResponse, connection: Connection) => Promise<void> {
  return async (request, response, connection) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const requestId = randomUUID();
    try {
      if (options.served(request, response)) return;
      if (path === '/session' || path.startsWith('/session/')) return sendReply(response, await options.session(request, path));
      if (path === '/v1/contract') return sendReply(response, { status: 200, body: await described(options) });
      if (path === '/v1/openapi.json') return sendReply(response, { status: 200, body: await openApiOf(options) });
      if (path.startsWith('/audit/') && isTilePath(path)) return await options.tile(request, response, connection, path);
      if (path === witnessPath) return await options.witness(request, response);
      if (path.startsWith('/v1/platform/')) return await options.rest(request, response, connection);
      if (path.startsWith('/v1/')) return await passOn(options, path.split('/')[2] ?? '', request, response);
      if (request.method !== 'GET' && request.method !== 'HEAD') throw fault('NoSuchOperation');
      if (options.consoleDirectory !== undefined && serveAsset(options.consoleDirectory, request, response, path)) return;
      throw fault('NotFound', 'The console is not built; `gamut up` builds it.');
    } catch (thrown) {
      const error = operatingError(thrown);
      const known = error instanceof OperationError ? error : fault('Internal', { cause: error });
      if (known !== error)
        options.log('error', 'a request failed', { requestId, path, error: error instanceof Error ? error.stack : String(error) });
      if (response.headersSent) response.destroy();
      else replyProblem(response, known, requestId, []);
    }
  };
}

async function described({ contracts, doors, region }: FrontOptions) {
  return { services: await contracts(), doors: await doors(), region };
}

async function openApiOf({ contracts }: FrontOptions) {
  return openApi(Object.values(await contracts()));
}

/** Passes a request to the REST door of its service, bytes as they come. */
async function passOn(options: FrontOptions, service: string, request: HttpRequest, response: HttpResponse): Promise<void> {
  const door = (await options.doors())[`${service}.rest`];
  if (!door) throw fault('NoSuchOperation', `No service called ${service} is running.`);
  await passOnTo(door.url, `The service ${service} is away.`, request, response);
}
