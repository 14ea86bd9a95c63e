import type { Static } from 'typebox';
import type { configurations } from '../contract/configuration.ts';

export type Website = Static<typeof configurations.website>;
type RoutingRule = NonNullable<Website['routingRules']>[number];

/** Where a reader is sent: what is undefined stays as they asked for it. */
export type Redirection = { readonly status: number; readonly protocol?: string; readonly host?: string; readonly key: string };

/** Where a site as a whole sends who asks for a key. */
export function redirectAll({ redirectAllRequestsTo: to }: Website, key: string): Redirection | undefined {
  return to && { status: 301, host: to.hostName, ...(to.protocol ? { protocol: to.protocol } : {}), key };
}

/** Where the rules send who asks for a key, before it is looked for, or once an error was met. The first that fits counts. */
export function redirectBy(rules: readonly RoutingRule[] = [], key: string, error?: number): Redirection | undefined {
  const rule = rules.find(({ condition }) => {
    const { keyPrefixEquals: prefix = '', httpErrorCodeReturnedEquals: code } = condition ?? {};
    return key.startsWith(prefix) && (code === undefined ? error === undefined : Number(code) === error);
  });
  if (!rule) return undefined;
  const { hostName, protocol, httpRedirectCode, replaceKeyWith, replaceKeyPrefixWith } = rule.redirect;
  const rest = key.slice((rule.condition?.keyPrefixEquals ?? '').length);
  return {
    status: httpRedirectCode === undefined ? 301 : Number(httpRedirectCode),
    ...(protocol ? { protocol } : {}),
    ...(hostName ? { host: hostName } : {}),
    key: replaceKeyWith ?? (replaceKeyPrefixWith === undefined ? key : `${replaceKeyPrefixWith}${rest}`),
  };
}

/** The key that a path of a site means: of a folder its index. */
export function pageKey({ indexDocument }: Website, key: string): string {
  return key === '' || key.endsWith('/') ? `${key}${indexDocument?.suffix ?? ''}` : key;
}
