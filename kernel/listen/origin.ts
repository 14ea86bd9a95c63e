import type { IncomingHttpHeaders } from 'node:http';
import { fault } from '#kernel/contract/fault.ts';

export type SiteRequest = { readonly method: string; readonly headers: IncomingHttpHeaders };

/**
 * Refuses a request whose Host is not one of ours, so that a foreign name that resolves to this machine reaches nothing.
 * `allowedHosts` are host names without port, `*.localhost` for every name below; addresses count as names.
 */
export function checkHost(headers: IncomingHttpHeaders, allowedHosts: readonly string[]): void {
  const name = hostName(headers.host);
  if (name === undefined || !allowedHosts.some((allowed) => matches(name, allowed.toLowerCase()))) {
    throw fault('CrossSite', 'The Host is not a name of this platform.');
  }
}

/**
 * Refuses what a browser sends on behalf of another site. An Origin must be the request's own host or one of
 * `allowedOrigins`; Fetch Metadata must not say cross-site. With `pages`, following a link from elsewhere is allowed.
 * Clients that are no browsers send neither and pass.
 */
export function checkOrigin(request: SiteRequest, allowedOrigins: readonly string[] = [], kind: 'calls' | 'pages' = 'calls'): void {
  const { origin, host } = request.headers;
  const listed = origin !== undefined && allowedOrigins.includes(origin.toLowerCase());
  if (origin !== undefined && !listed && !isOwn(origin.toLowerCase(), host?.toLowerCase())) throw foreign();
  const site = request.headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none' || listed) return;
  if (kind === 'pages' && isNavigation(request)) return;
  throw foreign();
}

function isOwn(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}

function isNavigation(request: SiteRequest): boolean {
  const safe = request.method === 'GET' || request.method === 'HEAD';
  return safe && request.headers['sec-fetch-mode'] === 'navigate' && request.headers['sec-fetch-dest'] === 'document';
}

/** The name in a Host field, lower case and without its port; undefined when it is malformed. */
export function hostName(host: string | undefined): string | undefined {
  const found = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+?)\.?(?::\d{1,5})?$/i.exec(host ?? '');
  return found?.[1]?.toLowerCase();
}

function matches(name: string, allowed: string): boolean {
  return allowed.startsWith('*.') ? name.endsWith(allowed.slice(1)) && name.length > allowed.length - 1 : name === allowed;
}

function foreign() {
  return fault('CrossSite', 'The request was made by another site.');
}
