import { randomUUID } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { parseTilePath } from '#wire/tlog/tile.ts';
import { fault } from '../contract/fault.ts';
import type { Gate } from '../contract/session.ts';
import { presenter } from '../derive/present.ts';
import type { Connection } from '../listen/acceptor.ts';
import type { platform } from './service.ts';

const form = /^\/audit\/([a-z0-9]{1,32})\/((?:checkpoint$|tile\/).*)$/;

/** Whether a path is that of a log's file, and not a page of the console. */
export const isTilePath = (path: string): boolean => form.test(path);

/**
 * C2SP tlog-tiles over HTTP: `/audit/<log>/checkpoint`, `/audit/<log>/tile/L/N[.p/W]` and `/audit/<log>/tile/entries/N[.p/W]`.
 * A tile never changes, a checkpoint does with every second.
 */
export function tileDoor(gate: Gate<typeof platform>) {
  const present = presenter(gate as unknown as Gate);
  return async (request: HttpRequest, response: HttpResponse, connection: Connection, path: string): Promise<void> => {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw fault('MethodNotAllowed');
    const [, log = '', file = ''] = form.exec(path) ?? [];
    if (!parseTilePath(file)) throw fault('NotFound', 'That is no file of a log.');
    const presented = present(request, connection);
    try {
      const { body } = await presented.session.invoke('ReadAuditLog', log, { path: file } as never, { requestId: randomUUID() });
      const parts: Uint8Array[] = [];
      for await (const part of body ?? []) parts.push(part);
      const bytes = Buffer.concat(parts);
      const isCheckpoint = file === 'checkpoint';
      response.writeHead(200, {
        'content-type': isCheckpoint ? 'text/plain; charset=utf-8' : 'application/octet-stream',
        'content-length': bytes.length,
        'cache-control': isCheckpoint ? 'no-cache' : 'private, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
      });
      response.end(request.method === 'HEAD' ? undefined : bytes);
    } finally {
      presented.release();
    }
  };
}
