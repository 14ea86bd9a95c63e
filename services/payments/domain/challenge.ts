import type { Fields, Json, Thing } from './json.ts';

/** Where a cardholder proves it, and what is remembered until they did. */
export type Challenge = { readonly url: string; readonly back: string | undefined; readonly bySdk: boolean; readonly mandate: Json };

/** A scheme that runs what follows it, or shows it as if it were of the page. */
const unsafe = new Set(['javascript:', 'data:', 'vbscript:', 'blob:', 'file:', 'about:']);

/** Whether a browser can be sent there: a page, or an application by its own scheme. */
export function isReturnUrl(text: string): boolean {
  return URL.canParse(text) && !unsafe.has(new URL(text).protocol);
}

/** What the client is to do next: to send the browser to the page, or to let a library do it. */
export function nextAction({ url, back, bySdk }: Challenge, source: string): Fields {
  return back === undefined || bySdk
    ? { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url, source } }
    : { type: 'redirect_to_url', redirect_to_url: { return_url: back, url } };
}

/** What is kept of a challenge beside the object. */
export const keptChallenge = ({ back, mandate }: Challenge): Fields => ({ back: back ?? null, mandate });

/** The address that the browser goes back to, with what became of it. */
export function backUrl(back: string, { id, object, client_secret: secret, status }: Thing): string {
  const url = new URL(back);
  const isWell = status === 'succeeded' || status === 'requires_capture' || status === 'processing' || status === 'requires_confirmation';
  url.searchParams.set(object, id);
  url.searchParams.set(`${object}_client_secret`, String(secret));
  url.searchParams.set('redirect_status', isWell ? 'succeeded' : 'failed');
  return url.href;
}
