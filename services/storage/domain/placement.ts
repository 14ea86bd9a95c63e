/** A drive as placement sees it. `weight` is its share of what is placed; 0 takes nothing. */
export type Place = {
  readonly number: number;
  readonly region: string;
  readonly zone: string;
  readonly rack: string;
  readonly node: string;
  readonly weight: number;
};

/** Shards of one stripe that may lie in one rack, as long as there are enough racks. */
const perRackMost = 4;

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
 * The drives of the copies or shards of an id: `count` different ones, spread over racks. With too few racks each takes its
 * even share. Fewer come back when there are fewer drives.
 */
export function place<P extends Place>(id: Uint8Array, drives: readonly P[], count: number): P[] {
  const ranked = rank(id, drives);
  const racks = new Set(ranked.map(rackOf)).size;
  if (racks === 0) return [];
  const most = count <= perRackMost ? Math.ceil(count / racks) : Math.max(perRackMost, Math.ceil(count / racks));
  const taken = new Map<string, number>();
  const chosen = ranked.filter((drive) => {
    const held = taken.get(rackOf(drive)) ?? 0;
    if (held >= most) return false;
    taken.set(rackOf(drive), held + 1);
    return true;
  });
  // Racks may be of unequal size: what is missing comes from wherever there is room.
  const rest = ranked.filter((drive) => !chosen.includes(drive));
  return [...chosen, ...rest].slice(0, count);
}

const rackOf = ({ region, zone, rack }: Place): string => `${region}/${zone}/${rack}`;
