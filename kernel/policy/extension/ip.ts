import { type Failure, failure, type IpValue } from '../value.ts';

// The longest form: eight groups of four digits, and `/128`.
const longestForm = 43;
const group = /^[0-9a-fA-F]{1,4}$/;
const prefixForm = /^(0|[1-9][0-9]{0,2})$/;
const all128 = (1n << 128n) - 1n;

/** Reads an IPv4 or IPv6 address, alone or with a prefix length. An IPv4 address inside an IPv6 one is refused. */
export function ip(text: string): IpValue | Failure {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const prefix = slash < 0 ? undefined : text.slice(slash + 1);
  const value = text.length > longestForm ? undefined : address.includes(':') ? version6(address, prefix) : version4(address, prefix);
  return value ?? failure(`error while evaluating \`ipaddr\` extension function: invalid IP address: ${text}`);
}

function prefixLength(text: string | undefined, bits: number): number | undefined {
  if (text === undefined) return bits;
  if (!prefixForm.test(text)) return undefined;
  const length = Number(text);
  return length <= bits ? length : undefined;
}

function version4(text: string, prefixText: string | undefined): IpValue | undefined {
  const prefix = prefixLength(prefixText, 32);
  const address = octets(text);
  if (prefix === undefined || address === undefined) return undefined;
  const span = 2 ** (32 - prefix);
  const low = address - (address % span);
  return { kind: 'ip', version: 4, prefix, address, low, high: low + span - 1 };
}

/** Four octets as one number. An octet has no leading zero. Read by character: contexts bring an address with every request. */
function octets(text: string): number | undefined {
  let [address, octet, digits, dots] = [0, 0, 0, 0];
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit >= 0 && digit <= 9) {
      if (digits > 0 && octet === 0) return undefined;
      octet = octet * 10 + digit;
      if (++digits > 3 || octet > 255) return undefined;
    } else if (digit === -2 && digits > 0) {
      address = address * 256 + octet;
      [octet, digits] = [0, 0];
      dots++;
    } else return undefined;
  }
  return dots === 3 && digits > 0 ? address * 256 + octet : undefined;
}

function version6(text: string, prefixText: string | undefined): IpValue | undefined {
  const prefix = prefixLength(prefixText, 128);
  const groups = expand(text);
  if (prefix === undefined || groups === undefined) return undefined;
  let address = 0n;
  for (const part of groups) {
    if (!group.test(part)) return undefined;
    address = (address << 16n) | BigInt(Number.parseInt(part, 16));
  }
  const host = all128 >> BigInt(prefix);
  return { kind: 'ip', version: 6, prefix, address, low: address & (all128 ^ host), high: address | host };
}

/** The eight groups; `::` stands once for one or more groups of zeros. */
function expand(text: string): string[] | undefined {
  const gap = text.indexOf('::');
  if (gap < 0) {
    const groups = text.split(':');
    return groups.length === 8 ? groups : undefined;
  }
  const before = gap === 0 ? [] : text.slice(0, gap).split(':');
  const rest = text.slice(gap + 2);
  const after = rest === '' ? [] : rest.split(':');
  const missing = 8 - before.length - after.length;
  if (missing < 1) return undefined;
  return [...before, ...new Array<string>(missing).fill('0'), ...after];
}

export function isLoopback(value: IpValue): boolean {
  if (value.version === 4) return Math.floor(value.address / 2 ** 24) === 127 && value.prefix >= 8;
  return value.address === 1n && value.prefix === 128;
}

export function isMulticast(value: IpValue): boolean {
  if (value.version === 4) return Math.floor(value.address / 2 ** 28) === 14 && value.prefix >= 4;
  return value.address >> 120n === 0xffn && value.prefix >= 8;
}

/** Whether every address of `inner` is one of `outer`; never across versions. */
export function isInRange(inner: IpValue, outer: IpValue): boolean {
  return inner.version === outer.version && outer.low <= inner.low && inner.high <= outer.high;
}
