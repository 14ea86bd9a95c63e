import { isIPv4 } from 'node:net';

/** Who may speak plain text: peers on this machine, nobody, or anybody who then asks for TLS in the protocol itself. */
export type PlainRule = 'loopback' | 'never' | 'upgrade';

/** Whether an address is of this machine alone: 127.0.0.0/8, ::1, or the first mapped into IPv6. */
export function isLoopback(address: string | undefined): boolean {
  if (!address) return false;
  if (address === '::1') return true;
  const bare = address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address;
  return isIPv4(bare) && bare.startsWith('127.');
}

/** Whether plain text may go over this connection: both its ends must be loopback, whatever address was listened on. */
export function plainAllowed(rule: PlainRule, local: string | undefined, peer: string | undefined): boolean {
  return rule !== 'never' && isLoopback(local) && isLoopback(peer);
}
