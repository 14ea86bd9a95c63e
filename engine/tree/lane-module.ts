import { laneDepthMax, lanes } from './limits.ts';

/**
 * Trees of sixteen rows at once, as a WebAssembly module that is assembled here byte by byte. Numbers become codes of a byte, column
 * by column: sixteen rows of a column are one vector. All nodes of a complete tree are asked of all sixteen rows, and what was
 * answered chooses leaves from the bottom up, so that nothing waits for memory and nothing branches.
 */

/** Where a tree's thresholds are, sixteen times each; where its columns' addresses and its leaves' values are; sums; trees left. */
const walking = ['threshold', 'column', 'value', 'sum', 'left', 'leaf'] as const;
/** Where a column's numbers are and how far apart; its thresholds, and half their bytes; where codes go; the code of no number. */
const coding = [
  ...(['number', 'stride', 'thresholds', 'half', 'code', 'missing', 'rest'] as const),
  ...(['step', 'a0', 'a1', 'a2', 'a3', 'x0', 'x1', 'x2', 'x3'] as const),
] as const;
const [walkParameters, codeParameters] = [5, 7];
type Name = (typeof walking)[number] | (typeof coding)[number];
const local = (name: Name): number => {
  const at = (coding as readonly Name[]).indexOf(name);
  return at >= 0 ? at : (walking as readonly Name[]).indexOf(name);
};

type Code = readonly (number | Code)[];
const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);
const signed = (value: number): number[] => (value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]);
const get = (name: Name): Code => [0x20, local(name)];
const set = (name: Name, value: Code): Code => [value, 0x21, local(name)];
const constant = (value: number): Code => [0x41, ...signed(value)];
const sum = (one: Code, other: Code): Code => [one, other, 0x6a];
const vectorAt = (address: Code, offset: number): Code => [address, 0xfd, 0x00, 0, ...leb(offset)];
const wordAt = (address: Code, offset: number): Code => [address, 0x28, 0, ...leb(offset)];
const numberAt = (address: Code, offset: number): Code => [address, 0x2b, 0, ...leb(offset)];
const same = (byte: number): Code => [0xfd, 0x0c, ...Array.from({ length: lanes }, () => byte)];

/** Bytes of all ones where a row is above the threshold of a node. */
const isAbove = (node: number): Code => [
  vectorAt(wordAt(get('column'), node * 4), 0),
  vectorAt(get('threshold'), node * lanes),
  ...[0xfd, 0x27],
];

/** The leaves that rows come to below a node, whose children are twice as far on. */
function leavesBelow(node: number, depth: number, inner: number): Code {
  // All ones are -1: what is above goes to the next leaf.
  if (depth === 1) return [same(2 * node + 1 - inner), isAbove(node), 0xfd, 0x71];
  return [leavesBelow(2 * node + 2, depth - 1, inner), leavesBelow(2 * node + 1, depth - 1, inner), isAbove(node), 0xfd, 0x52];
}

/** Adds the value of a row's leaf to its sum. */
const added = (lane: number): Code => [
  get('sum'),
  [numberAt(get('sum'), lane * 8), numberAt(sum(get('value'), [get('leaf'), 0xfd, 0x16, lane, constant(3), 0x74]), 0), 0xa0],
  ...[0x39, 0, ...leb(lane * 8)],
];

const together = [0, 1, 2, 3] as const;
const difference = (one: Code, other: Code): Code => [one, other, 0x6b];
const again = (body: Code, whether: Code): Code => [0x03, 0x40, body, whether, 0x0d, 0, 0x0b];

/** Finds codes of a column, of four rows at a time: how many thresholds are below a number, by halves and without a branch. */
function code(): number[] {
  const searched = (row: 0 | 1 | 2 | 3): Code => {
    const isBelow: Code = [numberAt(sum(get(`a${row}`), get('step')), 0), get(`x${row}`), 0x63];
    return set(`a${row}`, sum(get(`a${row}`), [difference(constant(0), isBelow), get('step'), 0x71]));
  };
  const told = (row: 0 | 1 | 2 | 3): Code => {
    const place: Code = [difference(get(`a${row}`), get('thresholds')), constant(3), 0x75];
    return [get('code'), sum(place, constant(-127)), get('missing'), get(`x${row}`), get(`x${row}`), 0x61, 0x1b, 0x3a, 0, row];
  };
  const body: Code = [
    together.map((row) => [
      ...[set(`x${row}`, numberAt(get('number'), 0)), set('number', sum(get('number'), get('stride')))],
      set(`a${row}`, get('thresholds')),
    ]),
    set('step', get('half')),
    again([together.map(searched), set('step', [get('step'), constant(1), 0x76])], [get('step'), constant(8), 0x4f]),
    together.map(told),
    ...[set('code', sum(get('code'), constant(together.length))), set('rest', sum(get('rest'), constant(-1)))],
  ];
  return flat([2, 5, 0x7f, 4, 0x7c, again(body, get('rest')), 0x0b]);
}

/** Walks trees of one depth that lie one after the other. */
function walk(depth: number): number[] {
  const inner = 2 ** depth - 1;
  const on = (name: Name, by: number): Code => set(name, sum(get(name), constant(by)));
  const body: Code = [
    set('leaf', leavesBelow(0, depth, inner)),
    Array.from({ length: lanes }, (_, lane) => added(lane)),
    ...[on('threshold', inner * lanes), on('column', inner * 4), on('value', (inner + 1) * 8), on('left', -1)],
  ];
  return flat([1, 1, 0x7b, again(body, get('left')), 0x0b]);
}

const flat = (code: Code): number[] => (code as number[]).flat(Number.POSITIVE_INFINITY as 1);
const section = (id: number, content: number[]): number[] => [id, ...leb(content.length), ...content];
const named = (name: string): number[] => [name.length, ...Buffer.from(name)];

/** The module: it imports a memory, and exports `code`, and `walk1`, `walk2` and so on by the depth of trees. */
export function laneModule(): Uint8Array<ArrayBuffer> {
  const depths = Array.from({ length: laneDepthMax }, (_, at) => at + 1);
  const functions = [code(), ...depths.map(walk)];
  const kind = (count: number): number[] => [0x60, count, ...Array.from({ length: count }, () => 0x7f), 0];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [2, ...kind(codeParameters), ...kind(walkParameters)]),
    ...section(2, [1, ...named('env'), ...named('memory'), 2, 0, 1]),
    ...section(3, [functions.length, 0, ...depths.map(() => 1)]),
    ...section(7, [functions.length, ...named('code'), 0, 0, ...depths.flatMap((depth) => [...named(`walk${depth}`), 0, depth])]),
    ...section(10, [functions.length, ...functions.flatMap((body) => [...leb(body.length), ...body])]),
  ]);
}
