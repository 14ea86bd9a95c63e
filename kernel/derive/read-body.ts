import type { HttpRequest } from '#engine/http1/request.ts';
import { fault } from '../contract/fault.ts';
import type { Bytes } from '../contract/session.ts';
import { readBody } from '../listen/body.ts';
import { parseJson } from '../listen/json.ts';
import { jsonBodyBytesMax } from './limits.ts';

/** The bytes of a request as they arrive. Whoever stops early leaves the connection whole, so that an answer can be sent. */
export function arriving(request: HttpRequest): Bytes {
  return request.iterator({ destroyOnReturn: false });
}

/** The JSON body of a request; an absent one is an empty object. */
export async function readJsonBody(request: HttpRequest): Promise<unknown> {
  const { headers } = request;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return {};
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw fault('UnsupportedMedia', 'The body must not be compressed.');
  const body = await readBody(request, jsonBodyBytesMax);
  if (body.length === 0) return {};
  // A form or plain text can be sent by a page of another site without asking; JSON cannot.
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(headers['content-type'] ?? '')) {
    throw fault('UnsupportedMedia', 'The body must be application/json in UTF-8.');
  }
  return parseJson(body);
}
