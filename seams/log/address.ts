import { LogError } from './error.ts';

/**
 * Where a log is and who comes: `kafka://user:password@host:port,host:port`, `kafkas://` over TLS. With `?prefix=...` names of
 * topics, groups and transactions begin with that, whose scope they may be; without it they begin with the scope and a dot.
 */
export type Address = {
  readonly brokers: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  readonly prefix?: string;
  readonly login?: { readonly username: string; readonly password: string };
};

export function readAddress(url: string): Address {
  const found = /^(kafkas?):\/\/(?:([^@/]*)@)?([^/?#@]+)\/?(?:\?prefix=([A-Za-z0-9._-]{0,100}))?$/.exec(url);
  if (!found) throw new LogError('Unsupported', 'A log has an address like kafka://user:password@host:9092, or kafkas:// over TLS.');
  const [, scheme, login, hosts = '', prefix] = found;
  const brokers = hosts.split(',').map((place) => {
    const [, host = '', port = '9092'] = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(place) ?? [];
    if (host === '') throw new LogError('Unsupported', `${place} is no host and port.`);
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  });
  const [username = '', password = ''] = (login ?? '').split(':', 2).map(decodeURIComponent);
  return {
    brokers,
    tls: scheme === 'kafkas',
    ...(prefix === undefined ? {} : { prefix }),
    ...(username === '' ? {} : { login: { username, password } }),
  };
}
