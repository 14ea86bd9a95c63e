import { createReadStream } from 'node:fs';
import { isIP } from 'node:net';
import { createInterface } from 'node:readline';
import { geoRowsMax } from './limits.ts';
import type { Place } from './watch.ts';

/** Where an address is, as far as the operator's table says. */
export type Locate = (address: string) => Place | undefined;

type Range = { readonly first: bigint; readonly last: bigint; readonly place: Place };

const number4 = (address: string) => address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);

function number6(address: string): bigint {
  const [head = '', tail] = address.split('::');
  const read = (text: string) => (text === '' ? [] : text.split(':'));
  const [groups, rest] = [read(head), read(tail ?? '')];
  const whole = tail === undefined ? groups : [...groups, ...Array<string>(8 - groups.length - rest.length).fill('0'), ...rest];
  return whole.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group || '0'}`), 0n);
}

/** Reads a table of places: a CSV with the columns network, latitude and longitude, as the registries of such tables publish it. */
export async function openGeo(path: string | undefined): Promise<Locate> {
  if (path === undefined) return () => undefined;
  const ranges: Record<4 | 6, Range[]> = { 4: [], 6: [] };
  let columns: readonly string[] | undefined;
  let rows = 0;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })) {
    const cells = line.split(',').map((cell) => cell.replace(/^"|"$/g, ''));
    if (columns === undefined) {
      columns = cells;
      continue;
    }
    if ((rows += 1) > geoRowsMax) break;
    const cell = (name: string) => cells[columns?.indexOf(name) ?? -1] ?? '';
    addRange(ranges, cell('network'), {
      latitude: Number(cell('latitude') || Number.NaN),
      longitude: Number(cell('longitude') || Number.NaN),
    });
  }
  for (const list of Object.values(ranges)) list.sort((a, b) => (a.first < b.first ? -1 : 1));
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
    const family = isIP(plain);
    if (family !== 4 && family !== 6) return undefined;
    return find(ranges[family], family === 4 ? number4(plain) : number6(plain));
  };
}

function addRange(ranges: Record<4 | 6, Range[]>, network: string, place: Place): void {
  const [address = '', length = ''] = network.split('/');
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const prefix = Number(length);
  const isWhole = Number.isFinite(place.latitude) && Number.isFinite(place.longitude) && Number.isInteger(prefix);
  if ((family !== 4 && family !== 6) || !isWhole || prefix < 0 || prefix > bits) return;
  const size = 1n << BigInt(bits - prefix);
  const first = ((family === 4 ? number4(address) : number6(address)) / size) * size;
  ranges[family].push({ first, last: first + size - 1n, place });
}

/** The last range that begins at or before the address, if it reaches that far. */
function find(ranges: readonly Range[], address: bigint): Place | undefined {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle] as Range).first <= address) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low - 1];
  return range && range.last >= address ? range.place : undefined;
}
