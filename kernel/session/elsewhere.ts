import { randomUUID } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { fault, OperationError } from '../contract/fault.ts';
import { replyProblem } from '../derive/problem.ts';
import { passOnTo } from '../listen/pass-on.ts';

/** Passes a request to the process that answers in place of this one. */
export async function passOnOr(url: string, request: HttpRequest, response: HttpResponse): Promise<void> {
  try {
    await passOnTo(url, 'The process that answers is away.', request, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else replyProblem(response, error instanceof OperationError ? error : fault('Internal', { cause: error }), randomUUID(), []);
  }
}
