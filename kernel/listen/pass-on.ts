import { pipeline } from 'node:stream';
import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import { fault } from '../contract/fault.ts';
import { proxyHeadMs } from './limits.ts';
import { request as httpRequest } from './node-http.ts';

/** Passes a request to another door of this machine, bytes as they come. Throws Unavailable with `away` when it does not answer. */
export async function passOnTo(url: string, away: string, request: HttpRequest, response: HttpResponse): Promise<void> {
  const { hostname, port } = new URL(url);
  await new Promise<void>((resolve, reject) => {
    // A line of its own: one that is kept may be closed just when a request goes out on it, which cannot be told from a death.
    const passed = httpRequest(
      { hostname, port, method: request.method, path: request.url, headers: request.headers, timeout: proxyHeadMs, agent: false },
      (answer) => {
        // Who gave up meanwhile is answered no more; to write to them would end this process.
        if (response.destroyed) {
          answer.destroy();
          return resolve();
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        pipeline(answer, response, () => resolve());
      },
    );
    passed.on('timeout', () => passed.destroy());
    passed.on('error', (cause) => reject(fault('Unavailable', { detail: away, cause })));
    response.once('close', () => passed.destroy());
    pipeline(request, passed, () => undefined);
  });
}
