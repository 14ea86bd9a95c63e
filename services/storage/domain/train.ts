import { dictionaryMaxBytes, grainBytes, runMaxBytes, runMinBytes, sharedByMin } from './limits.ts';

/** A run of bytes that many samples have: where it begins in all of them together, and how long it is. */
type Run = { readonly from: number; readonly size: number; score: number };

/**
 * A dictionary for samples: what many of them have, the most useful last, where zstd reaches it with the shortest offsets. As
 * COVER does it looks at strings of a few bytes and chooses runs by how many samples have the strings that no run chosen before
 * has. Only strings that so many samples share are taken, so what one object alone holds gets into no dictionary. Undefined when
 * there is too little.
 */
export function trainDictionary(samples: readonly Uint8Array[]): Uint8Array<ArrayBuffer> | undefined {
  const all = Buffer.concat(samples);
  const { grains, counts } = countGrains(all, samples);
  const scoreOf = ({ from, size }: Pick<Run, 'from' | 'size'>): number => {
    let sum = 0;
    const seen = new Set<number>();
    for (let at = from; at + grainBytes <= from + size; at++) {
      const grain = grains[at]!;
      if (seen.has(grain)) continue;
      seen.add(grain);
      sum += counts[grain]!;
    }
    return sum / (size + grainBytes);
  };
  const queue = runsOf(all.length, samples, grains, counts).map((run) => ({ ...run, score: scoreOf(run) }));
  queue.sort((a, b) => a.score - b.score);
  const chosen: Buffer[] = [];
  let room = dictionaryMaxBytes - 1;
  while (queue.length > 0 && room >= runMinBytes) {
    const run = queue.pop()!;
    // What was chosen meanwhile may have taken its strings.
    const score = scoreOf(run);
    if (score < (queue.at(-1)?.score ?? 0)) {
      if (score > 0) insert(queue, { ...run, score });
      continue;
    }
    if (score <= 0) break;
    const size = Math.min(run.size, room);
    chosen.push(all.subarray(run.from, run.from + size));
    room -= size;
    for (let at = run.from; at + grainBytes <= run.from + size; at++) counts[grains[at]!] = 0;
  }
  if (chosen.length === 0) return undefined;
  // It begins with a byte with which no dictionary of zstd's own format does: users choose what follows.
  return new Uint8Array(Buffer.concat([Buffer.from('\n'), ...chosen.toReversed()]));
}

/** Of every string of so many bytes a number, and in how many samples it is; those in too few count nothing. */
function countGrains(all: Buffer, samples: readonly Uint8Array[]): { grains: Int32Array; counts: Int32Array } {
  const grains = new Int32Array(all.length).fill(-1);
  // A table of where strings were first seen, by their hash; a collision goes on to the next place.
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(all.length * 2 + 2))).fill(-1);
  const counts = new Int32Array(all.length);
  const last = new Int32Array(all.length).fill(-1);
  let at = 0;
  for (const [index, sample] of samples.entries()) {
    const end = at + sample.length;
    for (; at + grainBytes <= end; at++) {
      // A string's number is the place where it was first seen.
      const grain = firstPlace(all, at, slots);
      grains[at] = grain;
      if (last[grain] === index) continue;
      last[grain] = index;
      counts[grain]! += 1;
    }
    at = end;
  }
  return { grains, counts: counts.map((count) => (count < sharedByMin ? 0 : count)) };
}

function firstPlace(all: Buffer, at: number, slots: Int32Array): number {
  const [low, high] = [all.readUInt32LE(at), all.readUInt32LE(at + grainBytes / 2)];
  const hash = Math.imul(Math.imul(low, 0x9e37_79b1) ^ high, 0x85eb_ca6b);
  for (let slot = (hash ^ (hash >>> 15)) & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
    const first = slots[slot]!;
    if (first < 0) slots[slot] = at;
    if (first < 0) return at;
    if (all.readUInt32LE(first) === low && all.readUInt32LE(first + grainBytes / 2) === high) return first;
  }
}

/** The runs of bytes that lie in shared strings, cut where they are long and where a sample ends. */
function runsOf(length: number, samples: readonly Uint8Array[], grains: Int32Array, counts: Int32Array): Omit<Run, 'score'>[] {
  const ends = new Set<number>();
  samples.reduce((at, { length: size }) => (ends.add(at + size), at + size), 0);
  const runs: Omit<Run, 'score'>[] = [];
  let from = -1;
  let until = 0;
  const close = () => {
    if (from >= 0 && until - from >= runMinBytes) runs.push({ from, size: until - from });
    from = -1;
  };
  for (let at = 0; at < length; at++) {
    if (from >= 0 && (at >= until || ends.has(at) || at - from >= runMaxBytes)) {
      until = Math.min(until, at);
      close();
    }
    const grain = grains[at]!;
    if (grain < 0 || counts[grain] === 0) continue;
    if (from < 0) from = at;
    until = at + grainBytes;
  }
  close();
  return runs;
}

/** Puts a run in its place by score, the highest last. */
function insert(queue: Run[], run: Run): void {
  let [low, high] = [0, queue.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (queue[middle]!.score < run.score) low = middle + 1;
    else high = middle;
  }
  queue.splice(low, 0, run);
}
