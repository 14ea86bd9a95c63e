/** A drive as placement sees it. `weight` is its share of what is placed; 0 takes nothing. */
export type Place = {
  readonly number: number;
  readonly region: string;
  readonly zone: string;
  readonly rack: string;
  readonly node: string;
  readonly weight: number;
};

/** Shards of one stripe that may lie in one rack (or zone, or node), as long as there are enough of them: as many as may be lost. */
const perDomainMost = 4;

/** A number in (0, 1) of an id and a drive: the same for the same two, independent for others. */
function chance(id: Uint8Array, drive: number): number {
  let high = Math.imul(drive + 1, 0x9e3779b1);
  let low = 0x85ebca6b ^ drive;
  for (const byte of id) {
    high = Math.imul(high ^ byte, 0x01000193);
    low = Math.imul(low ^ (byte + (high >>> 15)), 0xc2b2ae35);
  }
  high = mix(high ^ (low >>> 7));
  low = mix(low ^ high);
  // 53 bits, never 0 and never 1.
  return ((high >>> 0) * 2 ** 21 + (low >>> 11) + 0.5) / 2 ** 53;
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Drives in the order in which an id prefers them: weighted rendezvous hashing, so a drive more or less moves only its share. */
export function rank<P extends Place>(id: Uint8Array, drives: readonly P[]): P[] {
  return drives
    .filter(({ weight }) => weight > 0)
    .map((drive) => ({ drive, score: -drive.weight / Math.log(chance(id, drive.number)) }))
    .toSorted((a, b) => b.score - a.score)
    .map(({ drive }) => drive);
}

/**
 * The drives of the copies or shards of an id: `count` different ones, of which those in `held` have theirs already. They are
 * spread over regions, zones, racks and nodes, so that none of these holds more than four shards of a stripe, or more than
 * its even share where there are too few of its kind. Fewer come back when there are fewer drives.
 */
export function place<P extends Place>(id: Uint8Array, drives: readonly P[], count: number, held: readonly Place[] = []): P[] {
  const numbers = new Set(held.map(({ number }) => number));
  const ranked = rank(id, drives).filter(({ number }) => !numbers.has(number));
  const levels = levelsOf.map((nameOf) => {
    const names = new Set(drives.filter(({ weight }) => weight > 0).map(nameOf));
    const share = Math.ceil(count / Math.max(1, names.size));
    const taken = new Map<string, number>();
    for (const drive of held) taken.set(nameOf(drive), (taken.get(nameOf(drive)) ?? 0) + 1);
    return { nameOf, most: count <= perDomainMost ? share : Math.max(perDomainMost, share), taken };
  });
  const chosen = new Set<P>();
  // Domains may be of unequal size: what is missing comes from where there is room, evenly.
  for (let over = 0; chosen.size < Math.min(count - held.length, ranked.length); over++) {
    for (const drive of ranked) {
      if (chosen.size + held.length >= count) break;
      if (chosen.has(drive)) continue;
      if (levels.some(({ nameOf, most, taken }) => (taken.get(nameOf(drive)) ?? 0) >= most + over)) continue;
      for (const { nameOf, taken } of levels) taken.set(nameOf(drive), (taken.get(nameOf(drive)) ?? 0) + 1);
      chosen.add(drive);
    }
  }
  return [...chosen];
}

/**
 * How many of the places of the shards of a stripe are too many for their region, zone, rack or node, of those that there are:
 * more than four, or than the even share. With none, each of these may be lost.
 */
export function crowding(held: readonly Place[], drives: readonly Place[]): number {
  let many = 0;
  for (const nameOf of levelsOf) {
    const names = new Set(drives.filter(({ weight }) => weight > 0).map(nameOf));
    const most = Math.max(perDomainMost, Math.ceil(held.length / Math.max(1, names.size)));
    for (const inOne of Map.groupBy(held, nameOf).values()) many += Math.max(0, inOne.length - most);
  }
  return many;
}

/** What fails as a whole, from the widest to the narrowest. */
const levelsOf: readonly ((place: Place) => string)[] = [
  ({ region }) => region,
  ({ region, zone }) => `${region}/${zone}`,
  ({ region, zone, rack }) => `${region}/${zone}/${rack}`,
  ({ region, zone, rack, node }) => `${region}/${zone}/${rack}/${node}`,
];
