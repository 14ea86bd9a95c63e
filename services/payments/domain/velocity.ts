/** What is counted of, in the order of its names. */
export const entities = [
  ...(['card', 'customer', 'email', 'email_domain', 'phone', 'billing_address', 'shipping_address'] as const),
  ...(['card_country', 'card_kind', 'ip', 'network', 'device'] as const),
] as const;
export type Entity = (typeof entities)[number];

/** How far back it is counted, in seconds. */
const windows = [
  ...([
    ['1m', 60],
    ['10m', 600],
    ['1h', 3600],
    ['6h', 21_600],
    ['1d', 86_400],
    ['7d', 604_800],
    ['90d', 7_776_000],
  ] as const),
] as const;

const aggregates = [
  ...(['count', 'sum', 'mean', 'deviation', 'max', 'zscore'] as const),
  ...(['declined', 'decline_rate', 'disputed', 'dispute_rate', 'others', 'burst'] as const),
] as const;
type Aggregate = (typeof aggregates)[number];

/** One feature: what of which entity, how far back. */
export type Feature = { readonly entity: Entity; readonly aggregate: Aggregate; readonly window: number };

/** The features by name, as `card_count_1h`: each entity with each aggregate and each window. */
export const features: ReadonlyMap<string, Feature> = new Map(
  entities.flatMap((entity) =>
    aggregates.flatMap((aggregate) =>
      windows.map(([name], window) => [`${entity}_${aggregate}_${name}`, { entity, aggregate, window }] as const),
    ),
  ),
);

/** A window is four buckets, of which the newest is under way: it reaches back between three quarters and the whole of its length. */
const buckets = 4;
const fields = 6;
const [countAt, sumAt, squareAt, maxAt, declinedAt, disputedAt] = [0, 1, 2, 3, 4, 5];
const slotNumbers = windows.length * buckets * fields;
const slotBits = windows.length * buckets;
const pageSlots = 256;

type Page = { readonly numbers: Float64Array; readonly bits: Uint32Array; readonly last: Float64Array };
/** What happened to a payment. `other` is its card, or its customer where the entity is a card. */
export type Happening = { readonly kind: 'paid' | 'declined' | 'disputed'; readonly amount: number; readonly other: string };
type Sums = { count: number; sum: number; square: number; max: number; declined: number; disputed: number; bits: number };

/** What was seen of the entities of one environment: numbers in typed arrays, and a step of fixed size for each event. */
export class Velocity {
  readonly #slotsMost: number;
  readonly #slots = new Map<string, number>();
  readonly #pages: Page[] = [];

  /** Of so many entities; beyond that, the one that was seen longest ago is forgotten. */
  constructor(slotsMost: number) {
    this.#slotsMost = slotsMost;
  }

  get size(): number {
    return this.#slots.size;
  }

  note(entity: Entity, value: string, seconds: number, { kind, amount, other }: Happening): void {
    const slot = this.#slotFor(`${entity} ${value}`);
    const { numbers, bits, last } = this.#page(slot);
    const own = slot % pageSlots;
    windows.forEach(([, length], window) => {
      const bucket = Math.floor((seconds * buckets) / length);
      const newest = this.#turned(slot, window, bucket);
      if (bucket <= newest - buckets) return;
      const place = window * buckets + (bucket % buckets);
      const at = own * slotNumbers + place * fields;
      const add = (field: number, by: number) => {
        numbers[at + field] = (numbers[at + field] ?? 0) + by;
      };
      if (kind === 'disputed') return add(disputedAt, 1);
      add(countAt, 1);
      add(sumAt, amount);
      add(squareAt, amount * amount);
      if (kind === 'declined') add(declinedAt, 1);
      numbers[at + maxAt] = Math.max(numbers[at + maxAt] ?? 0, amount);
      bits[own * slotBits + place] = (bits[own * slotBits + place] ?? 0) | (1 << (hashOf(other) & 31));
      last[own * windows.length + window] = Math.max(newest, bucket);
    });
  }

  /** A feature as it is now, before a payment of this amount; undefined where nothing tells it. */
  read({ entity, aggregate, window }: Feature, value: string, seconds: number, amount: number): number | undefined {
    const slot = this.#slots.get(`${entity} ${value}`);
    const sums = this.#sums(slot, window, seconds);
    const mean = sums.count === 0 ? undefined : sums.sum / sums.count;
    const deviation = mean === undefined ? undefined : Math.sqrt(Math.max(0, sums.square / sums.count - mean * mean));
    switch (aggregate) {
      case 'count':
      case 'sum':
      case 'declined':
      case 'disputed':
        return sums[aggregate];
      case 'max':
        return sums.count === 0 ? undefined : sums.max;
      case 'mean':
        return mean;
      case 'deviation':
        return deviation;
      case 'zscore':
        return mean === undefined || !deviation ? undefined : (amount - mean) / deviation;
      case 'decline_rate':
        return sums.count === 0 ? undefined : sums.declined / sums.count;
      case 'dispute_rate':
        return sums.count === 0 ? undefined : sums.disputed / sums.count;
      case 'others':
        return distinctOf(sums.bits);
      case 'burst': {
        const wider = Math.min(window + 1, windows.length - 1);
        const usual = this.#sums(slot, wider, seconds).count / (windows[wider]?.[1] ?? 1);
        return usual === 0 ? undefined : sums.count / (windows[window]?.[1] ?? 1) / usual;
      }
    }
  }

  #sums(slot: number | undefined, window: number, seconds: number): Sums {
    const sums: Sums = { count: 0, sum: 0, square: 0, max: 0, declined: 0, disputed: 0, bits: 0 };
    if (slot === undefined) return sums;
    const { numbers, bits, last } = this.#page(slot);
    const own = slot % pageSlots;
    const newest = last[own * windows.length + window] ?? 0;
    const now = Math.floor((seconds * buckets) / (windows[window]?.[1] ?? 1));
    for (let bucket = Math.max(now - buckets + 1, newest - buckets + 1); bucket <= newest; bucket += 1) {
      if (bucket < 0) continue;
      const place = window * buckets + (bucket % buckets);
      const at = own * slotNumbers + place * fields;
      sums.count += numbers[at + countAt] ?? 0;
      sums.sum += numbers[at + sumAt] ?? 0;
      sums.square += numbers[at + squareAt] ?? 0;
      sums.max = Math.max(sums.max, numbers[at + maxAt] ?? 0);
      sums.declined += numbers[at + declinedAt] ?? 0;
      sums.disputed += numbers[at + disputedAt] ?? 0;
      sums.bits |= bits[own * slotBits + place] ?? 0;
    }
    return sums;
  }

  /** Empties the buckets that time has passed, and answers the newest. */
  #turned(slot: number, window: number, bucket: number): number {
    const { numbers, bits, last } = this.#page(slot);
    const own = slot % pageSlots;
    const at = own * windows.length + window;
    const newest = last[at] ?? 0;
    for (let next = Math.max(newest + 1, bucket - buckets + 1); next <= bucket; next += 1) {
      const place = window * buckets + (next % buckets);
      numbers.fill(0, own * slotNumbers + place * fields, own * slotNumbers + (place + 1) * fields);
      bits[own * slotBits + place] = 0;
    }
    last[at] = Math.max(newest, bucket);
    return last[at] ?? 0;
  }

  #slotFor(key: string): number {
    const known = this.#slots.get(key);
    if (known !== undefined) {
      this.#slots.delete(key);
      this.#slots.set(key, known);
      return known;
    }
    const oldest = this.#slots.size >= this.#slotsMost ? this.#slots.entries().next().value : undefined;
    const slot = oldest?.[1] ?? this.#slots.size;
    if (oldest) this.#slots.delete(oldest[0]);
    this.#slots.set(key, slot);
    if (slot >= this.#pages.length * pageSlots)
      this.#pages.push({
        numbers: new Float64Array(pageSlots * slotNumbers),
        bits: new Uint32Array(pageSlots * slotBits),
        last: new Float64Array(pageSlots * windows.length),
      });
    const { numbers, bits, last } = this.#page(slot);
    const own = slot % pageSlots;
    numbers.fill(0, own * slotNumbers, (own + 1) * slotNumbers);
    bits.fill(0, own * slotBits, (own + 1) * slotBits);
    last.fill(0, own * windows.length, (own + 1) * windows.length);
    return slot;
  }

  #page(slot: number): Page {
    return this.#pages[Math.floor(slot / pageSlots)] as Page;
  }
}

/** FNV-1a, mixed once more. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 12;
}

/** About how many there were, of which bits of 32 they have set (linear counting). */
function distinctOf(bits: number): number {
  let empty = 32;
  for (let left = bits >>> 0; left !== 0; left = (left & (left - 1)) >>> 0) empty -= 1;
  return empty === 32 ? 0 : Math.max(1, Math.round(32 * Math.log(32 / Math.max(empty, 1))));
}
