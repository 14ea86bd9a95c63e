import { randomUUID } from 'node:crypto';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { fault, OperationError } from '../contract/fault.ts';
import { replyProblem } from '../derive/problem.ts';
import { passOnTo } from '../listen/pass-on.ts';

/** Passes a request to the process that answers in place of this one. */
export function passOnOr(url: string, request: HttpRequest, response: HttpResponse): Promise<void> {
  return answeredBy(response, passOnTo(url, 'The process that answers is away.', request, response));
}

/** Waits for the reply of another process; what it cannot say is said here. */
export async function answeredBy(response: HttpResponse, answering: Promise<void>): Promise<void> {
  try {
    await answering;
  } catch (error) {
    if (response.headersSent) response.destroy();
    else replyProblem(response, error instanceof OperationError ? error : fault('Internal', { cause: error }), randomUUID(), []);
  }
}
