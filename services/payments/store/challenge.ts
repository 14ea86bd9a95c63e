import { formatId, parseId } from '#kernel/tenancy/id.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { type Challenge, isReturnUrl } from '../domain/challenge.ts';
import { type Fields, textOf, type Thing } from '../domain/json.ts';
import { invalid } from './fault.ts';

/** The environment in the address of a page: whose key the browser has none of. */
export const placeText = ({ tenant, scope }: Placed): string => `${formatId(tenant)}-${formatId(scope)}`;

/** The environment that a page's address names; undefined when it names none. */
export function placeNamed(text: string): Placed | undefined {
  const [tenant, scope, ...more] = text.split('-');
  if (tenant === undefined || scope === undefined || more.length > 0) return undefined;
  try {
    return { tenant: parseId(tenant), scope: parseId(scope) };
  } catch {
    return undefined;
  }
}

/** What a confirmation says of where the browser is and comes back to, checked. */
export function waysOf(context: Readonly<Record<string, string>>, given: Fields): Fields {
  const back = textOf(given.return_url);
  if (back !== undefined && !isReturnUrl(back))
    throw invalid('return_url', 'Invalid URL: An explicit scheme (such as https) must be provided.', 'url_invalid');
  return { use_stripe_sdk: given.use_stripe_sdk === true, return_url: back ?? null, origin: context.pages ?? '' };
}

export const challengeOf = (at: Placed, thing: Thing, ways: Fields, mandate: string | null): Challenge => ({
  url: `${textOf(ways.origin) ?? ''}/3d_secure/${placeText(at)}/${thing.id}?client_secret=${textOf(thing.client_secret) ?? ''}`,
  back: textOf(ways.return_url),
  bySdk: ways.use_stripe_sdk === true,
  mandate,
});
