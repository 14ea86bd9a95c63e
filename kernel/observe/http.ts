import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import type { Health } from './health.ts';
import type { Registry } from './registry.ts';

export type Observed = { readonly registry: Registry; readonly health: Health };

type Page = { readonly status: number; readonly type: string; readonly text: string };

const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** `/healthz` answers 200 only when the process is ready, else 503; `/metrics` is Prometheus text 0.0.4, or OpenMetrics where asked for. */
function page(observed: Observed, path: string, accept: string): Page | undefined {
  if (path === '/metrics') {
    if (/application\/openmetrics-text/.test(accept))
      return { status: 200, type: openMetrics, text: observed.registry.text('openmetrics') };
    return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', text: observed.registry.text() };
  }
  if (path !== '/healthz') return undefined;
  const state = observed.health.state();
  return { status: state.status === 'ready' ? 200 : 503, type: 'application/json', text: JSON.stringify(state) };
}

/** The same for a raw HTTP handler: true when the request was one of both pages and has been answered. */
export function answerObserve(observed: Observed, request: HttpRequest, response: HttpResponse): boolean {
  const reads = request.method === 'GET' || request.method === 'HEAD';
  const found = reads ? page(observed, (request.url ?? '').split('?', 1)[0] ?? '', request.headers.accept ?? '') : undefined;
  if (!found) return false;
  const length = Buffer.byteLength(found.text);
  response.writeHead(found.status, { 'content-type': found.type, 'content-length': length, 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : found.text);
  return true;
}
