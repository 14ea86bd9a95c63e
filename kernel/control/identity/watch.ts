import { isIPv4 } from 'node:net';
import { fault } from '../../contract/fault.ts';
import {
  accountTriesMax,
  accountWindowMs,
  netFailuresMax,
  stuffedAccountsMax,
  stuffingWindowMs,
  travelDistanceKmMin,
  travelSpeedKmhMax,
  watchedMax,
} from './limits.ts';

/** What somebody's logins look like: nothing odd, or a reason for which a right password alone is not enough. */
export type Suspicion = 'stuffing' | 'guessing' | 'travel';

/** A place on the earth, in degrees. */
export type Place = { readonly latitude: number; readonly longitude: number };

/** The network of an address: IPv4 /24, IPv6 /64. Who owns one address there owns its neighbours. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (isIPv4(plain)) return `${plain.split('.').slice(0, 3).join('.')}.0/24`;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const whole =
    tail === undefined ? groups : [...groups, ...Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0'), ...rest];
  return `${whole
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** Great-circle distance in kilometres. */
function distanceKm(a: Place, b: Place): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const [latitude, longitude] = [radians(b.latitude - a.latitude), radians(b.longitude - a.longitude)];
  const half = Math.sin(latitude / 2) ** 2 + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(longitude / 2) ** 2;
  return 2 * 6371 * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** Whether nobody can have been at both places at those times. */
export function isImpossible(before: { place: Place; at: number }, after: { place: Place; at: number }): boolean {
  const distance = distanceKm(before.place, after.place);
  const hours = Math.abs(after.at - before.at) / 3_600_000;
  return distance >= travelDistanceKmMin && distance > hours * travelSpeedKmhMax;
}

type Failures = { count: number; readonly accounts: Set<string>; readonly passed: Set<string>; readonly until: number };

/** Counts failed logins by network and by account; a network on which many accounts fail is stuffing passwords. */
export function watchLogins(now: () => number) {
  const nets = new Map<string, Failures>();
  const accounts = new Map<string, Failures>();

  function of(map: Map<string, Failures>, key: string, windowMs: number): Failures {
    const known = map.get(key);
    if (known && known.until > now()) return known;
    map.delete(key);
    for (const [old, entry] of map) {
      if (entry.until > now() && map.size < watchedMax) break;
      map.delete(old);
    }
    const made = { count: 0, accounts: new Set<string>(), passed: new Set<string>(), until: now() + windowMs };
    map.set(key, made);
    return made;
  }
  const seen = (map: Map<string, Failures>, key: string) => {
    const entry = map.get(key);
    return entry && entry.until > now() ? entry : undefined;
  };
  // Where many work behind one address, many mistype; but then more come in than fail.
  const isStuffing = (net: string) => {
    const entry = seen(nets, net);
    return entry !== undefined && entry.accounts.size >= stuffedAccountsMax && entry.accounts.size > entry.passed.size;
  };

  return {
    isStuffing,
    /** Takes a failure in; true when it is the one by which a network begins to count as stuffing. */
    failed(net: string, account: string): boolean {
      const before = isStuffing(net);
      const entry = of(nets, net, stuffingWindowMs);
      entry.count += 1;
      if (entry.accounts.size < watchedMax) entry.accounts.add(account);
      of(accounts, account, accountWindowMs).count += 1;
      return !before && isStuffing(net);
    },
    /** Takes a success in. */
    passed(net: string, account: string): void {
      const entry = of(nets, net, stuffingWindowMs);
      entry.accounts.delete(account);
      if (entry.passed.size < watchedMax) entry.passed.add(account);
    },
    /** Refuses a network that fails without end, before any hash is computed for it. */
    admit(net: string): void {
      const entry = seen(nets, net);
      if (entry && entry.count >= netFailuresMax)
        throw fault('TooMany', { detail: 'Too many failed log-ins from this network; wait.', retryAfterMs: entry.until - now() });
    },
    /** Why a right password is not enough here. */
    suspicion(net: string, account: string): Suspicion | undefined {
      if (isStuffing(net)) return 'stuffing';
      return (seen(accounts, account)?.count ?? 0) >= accountTriesMax ? 'guessing' : undefined;
    },
  };
}

export type LoginWatch = ReturnType<typeof watchLogins>;
