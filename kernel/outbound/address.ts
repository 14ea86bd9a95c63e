import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

const v4 = 'ipv4';
const v6 = 'ipv6';

/** IPv4 that is not out there: the special-purpose registry (RFC 6890 and its heirs), multicast and what is reserved. */
const closed = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  closed.addSubnet(network, prefix, v4);
}

/** Of IPv6 only global unicast is out there, less what tunnels or embeds IPv4 and what is for documentation. */
const unicast = new BlockList();
unicast.addSubnet('2000::', 3, v6);
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
] as const) {
  closed.addSubnet(network, prefix, v6);
}

/** Whether an address belongs to the public network and not to this machine, where our own doors listen. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  if (family === 4) return !closed.check(address, v4) && !isOwn(address);
  return unicast.check(address, v6) && !closed.check(address, v6) && !isOwn(address);
}

/** Compared by value, because IPv6 has many spellings; read each time, because interfaces come and go. */
function isOwn(address: string): boolean {
  const own = new BlockList();
  for (const list of Object.values(networkInterfaces())) {
    for (const { address: known, family } of list ?? []) own.addAddress(known.split('%', 1)[0] ?? known, family === 'IPv4' ? v4 : v6);
  }
  return own.check(address, isIP(address) === 4 ? v4 : v6);
}
