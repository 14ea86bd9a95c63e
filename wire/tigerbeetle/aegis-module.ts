/**
 * AEGIS-128L as a WebAssembly module, assembled here byte by byte. There is no instruction for a round of AES in it, so rounds
 * are done as M. Hamburg describes in "Accelerating AES with vector permute instructions" (2009): bytes are kept in a basis in
 * which the inverse in GF(2^8) is five look-ups in tables of sixteen, which a swizzle does for sixteen bytes at a time.
 */

/** Sixteen bytes from two numbers of 64 bits, lowest first. */
function bytesOf(low: bigint, high: bigint): number[] {
  const bytes = new Uint8Array(new BigUint64Array([low, high]).buffer);
  return [...bytes];
}

const intoBasis = [bytesOf(0xc2b2e8985a2a7000n, 0xcabae09052227808n), bytesOf(0x4c01307d317c4d00n, 0xcd80b1fcb0fdcc81n)] as const;

/** A byte in the basis. It is linear: sums may be made on either side. */
export const toBasis = (byte: number): number => intoBasis[0][byte & 15]! ^ intoBasis[1][byte >>> 4]!;

/** Tables of a round: inverses, SubBytes once and doubled in two parts each, and where ShiftRows and turns of a column take from. */
const tables = {
  inverse: bytesOf(0x0e05060f0d080180n, 0x040703090a0b0c02n),
  quotient: bytesOf(0x01040a060f0b0780n, 0x030d0e0c02050809n),
  onceU: bytesOf(0xb19be18fcb503e00n, 0xa5df7a6e142af544n),
  onceT: bytesOf(0x3618d415fae22300n, 0x3bf7ccc10d2ed9efn),
  twiceU: bytesOf(0xe27a93c60b712400n, 0x5eb7e955bc982fcdn),
  twiceT: bytesOf(0x69eb88400ae12900n, 0xc2a163c8ab82234an),
  /** The constant of SubBytes, which MixColumns leaves as it is: 2 + 3 + 1 + 1 is 1. */
  affine: Array.from({ length: 16 }, () => toBasis(0x63)),
  low: Array.from({ length: 16 }, () => 15),
  shiftRows: Array.from({ length: 16 }, (_, at) => ((((at >> 2) + (at & 3)) & 3) << 2) | (at & 3)),
  turnOne: Array.from({ length: 16 }, (_, at) => (at & 12) | ((at + 1) & 3)),
  turnThree: Array.from({ length: 16 }, (_, at) => (at & 12) | ((at + 3) & 3)),
  basisLow: intoBasis[0],
  basisHigh: intoBasis[1],
};
type Table = keyof typeof tables;

/** Parameters: where whole blocks begin and end, where the block of the length lies, and where the result goes. */
const parameters = ['from', 'end', 'size', 'out'] as const;
const vectors = [
  ...['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7'],
  ...(Object.keys(tables) as Table[]),
  ...['high', 'both', 'part', 'one', 'two', 'last', 'm0', 'm1'],
] as const;
const names: readonly string[] = [...parameters, ...vectors, 'count'];
const local = (name: string): number => names.indexOf(name);

type Code = readonly (number | Code)[];
const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);
const signed = (value: number): number[] => (value < 64 ? [value] : [(value & 127) | 128, ...signed(value >> 7)]);
const get = (name: string): Code => [0x20, ...leb(local(name))];
const set = (name: string, value: Code): Code => [value, 0x21, ...leb(local(name))];
const tee = (name: string, value: Code): Code => [value, 0x22, ...leb(local(name))];
const constant = (value: number): Code => [0x41, ...signed(value)];
const vector = (bytes: readonly number[]): Code => [0xfd, 0x0c, ...bytes];
const load = (address: Code, offset = 0): Code => [address, 0xfd, 0x00, 0, ...leb(offset)];
const store = (address: Code, value: Code): Code => [address, value, 0xfd, 0x0b, 0, 0];
const and = (one: Code, other: Code): Code => [one, other, 0xfd, 0x4e];
const xor = (first: Code, ...rest: Code[]): Code => rest.reduce<Code>((all, each) => [all, each, 0xfd, 0x51], first);
const highHalf = (value: Code): Code => and([value, constant(4), 0xfd, 0xad, 0x01], get('low'));
/** Relaxed: indices are below 16, or have the highest bit and give zero in every engine. */
const take = (table: Table, index: Code): Code => [get(table), index, 0xfd, 0x80, 0x02];
const turned = (value: Code, by: Table): Code => [value, get(by), 0xfd, 0x80, 0x02];

/** One round of AES without a key, in the basis. */
function round(state: string): Code {
  const [high, both, part, one, two] = ['high', 'both', 'part', 'one', 'two'].map(get) as [Code, Code, Code, Code, Code];
  return [
    set('both', turned(get(state), 'shiftRows')),
    set('high', highHalf(both)),
    set('both', and(both, get('low'))),
    set('part', take('quotient', both)),
    set('both', xor(both, high)),
    set('one', xor(take('inverse', high), part)),
    set('two', xor(take('inverse', both), part)),
    set('one', xor(take('inverse', one), both)),
    set('two', xor(take('inverse', two), high)),
    set('part', xor(take('onceU', one), take('onceT', two))),
    set('both', xor(turned(part, 'turnOne'), take('twiceU', one), take('twiceT', two))),
    xor(turned(both, 'turnOne'), both, turned(part, 'turnThree'), get('affine')),
  ];
}

/** One step of the state by two blocks. */
function update(first: string, second: string): Code {
  const chain = [7, 6, 5, 4, 3, 2, 1].map((at) => set(`s${at}`, xor(round(`s${at - 1}`), get(`s${at}`))));
  return [set('last', round('s7')), chain, set('s4', xor(get('s4'), get(second))), set('s0', xor(get('last'), get('s0'), get(first)))];
}

const basisOf = (value: Code): Code => xor(take('basisLow', and(tee('part', value), get('low'))), take('basisHigh', highHalf(get('part'))));

const loop = (body: Code, again: Code): Code => [0x03, 0x40, body, again, 0x0d, 0, 0x0b];
const rounds = 7;

function main(): Code {
  const step = set('from', [get('from'), constant(32), 0x6a]);
  const blocks = [set('m0', basisOf(load(get('from')))), set('m1', basisOf(load(get('from'), 16))), update('m0', 'm1'), step];
  const ending = [update('m0', 'm0'), set('count', [get('count'), constant(1), 0x6b])];
  const states = Array.from({ length: 8 }, (_, at) => get(`s${at}`));
  return [
    (Object.entries(tables) as [Table, number[]][]).map(([name, bytes]) => set(name, vector(bytes))),
    Array.from({ length: 8 }, (_, at) => set(`s${at}`, load(constant(0), at * 16))),
    [0x02, 0x40, get('from'), get('end'), 0x4f, 0x0d, 0, loop(blocks, [get('from'), get('end'), 0x49]), 0x0b],
    set('m0', xor(basisOf(load(get('size'))), get('s2'))),
    set('count', constant(rounds)),
    loop(ending, get('count')),
    store(get('out'), xor(states[0] as Code, ...states.slice(1, 7))),
    0x0b,
  ];
}

const flat = (code: Code): number[] => (code as number[]).flat(Number.POSITIVE_INFINITY as 1);
const section = (id: number, content: number[]): number[] => [id, ...leb(content.length), ...content];
const named = (name: string): number[] => [name.length, ...Buffer.from(name)];

/** The module: it imports a memory, which begins with the state to start from, and exports `checksum`. */
export function aegisModule(): Uint8Array<ArrayBuffer> {
  const locals = [2, ...leb(vectors.length), 0x7b, 1, 0x7f];
  const body = [...locals, ...flat(main())];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, parameters.length, ...parameters.map(() => 0x7f), 0]),
    ...section(2, [1, ...named('env'), ...named('memory'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...named('checksum'), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}
