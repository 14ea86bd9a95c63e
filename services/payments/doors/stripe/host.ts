import type { HttpRequest } from '#engine/http1/request.ts';
import type { HttpResponse } from '#engine/http1/response.ts';
import type { DoorPlace } from '#kernel/contract/implement.ts';
import { hostName } from '#kernel/listen/origin.ts';
import type { payments } from '../../service.ts';
import { serveChallenge } from './challenge.ts';
import { isCheckout, serveCheckout } from './checkout.ts';
import { isOnboarding, serveOnboarding } from './onboarding.ts';
import { page, sendOn, show } from './page.ts';

/** How the hosts of pages are called below a base name: where somebody buys, and where an account says who it is. */
const names = { pages: 'checkout', accounts: 'connect' } as const;
type Of = keyof typeof names;

const isChallenge = (url: string): boolean => url.startsWith('/3d_secure/');
export const isPage = (url: string): boolean => isChallenge(url) || isCheckout(url) || isOnboarding(url);

/** By what the vault, which has the public door, says of it. */
const schemeOf = ({ headers }: HttpRequest): string => (headers['gamut-scheme'] === 'https' ? 'https' : 'http');
export const originOf = (request: HttpRequest): string => `${schemeOf(request)}://${request.headers.host ?? ''}`;

const isHostOf = ({ headers }: HttpRequest, domains: readonly string[], of: Of): boolean =>
  domains.some((domain) => hostName(headers.host) === `${names[of]}.${domain}`);

/** Whether a request is for a host of pages, which has nothing else. */
export const isPageHost = (request: HttpRequest, domains: readonly string[]): boolean =>
  isHostOf(request, domains, 'pages') || isHostOf(request, domains, 'accounts');

/** Where pages stand for who comes by this address: on their own host, at the same port. */
export function pagesOf(request: HttpRequest, domains: readonly string[], of: Of): string {
  const [domain] = domains;
  if (domain === undefined || isHostOf(request, domains, of)) return originOf(request);
  const [port = ''] = /:[0-9]{1,5}$/.exec(request.headers.host ?? '') ?? [];
  return `${schemeOf(request)}://${names[of]}.${domain}${port}`;
}

/** Serves a page, or sends the browser to the host that pages have. */
export function servePage(
  place: DoorPlace<typeof payments>,
  request: HttpRequest,
  response: HttpResponse,
  domains: readonly string[],
): Promise<void> | void {
  if (!isPage(request.url)) return show(response, 404, page('There is no such page', '', ''));
  const origin = pagesOf(request, domains, isOnboarding(request.url) ? 'accounts' : 'pages');
  if (origin !== originOf(request)) return sendOn(response, `${origin}${request.url}`);
  if (isOnboarding(request.url)) return serveOnboarding(place, request, response);
  return isChallenge(request.url) ? serveChallenge(place, request, response) : serveCheckout(place, request, response, origin);
}
