import { columnsIn, type Expr } from '../domain/expression.ts';
import type { Row, Type, Value } from '../domain/value.ts';
import { type Batch, isMasked } from './batch.ts';
import { compile } from './compile.ts';
import { batchColumns, batchReads, Emitter, type Reads, type Term } from './emit.ts';
import { findBefore, findCode } from './find.ts';
import type { JoinSide } from './join-side.ts';
import type { KeySlots } from './key-slot.ts';
import type { Pairs } from './pair.ts';
import { stampAt } from './place.ts';
import { keepBefore, keepCode } from './row-store.ts';
import { runtime } from './runtime.ts';

/** One side as code is made for it. */
export type SideShape = {
  readonly types: readonly Type[];
  readonly stored: ReadonlySet<number>;
  readonly keys: readonly Expr[];
  readonly isOuter: boolean;
  readonly appends: boolean;
  /** What tells when a row is forgotten. */
  readonly time: Expr | undefined;
};

export type JoinShape = {
  readonly sides: readonly [SideShape, SideShape];
  /** What must hold for a pair besides, over the columns of both. */
  readonly residual: Expr | undefined;
};

export type Taking = {
  /** Remembers rows of a batch, and notes those of the other side that they meet. */
  take(batch: Batch, params: Row, pairs: Pairs): void;
  /** Brings back what is on disk of the keys of a batch. */
  seek(batch: Batch, params: Row): void;
  /** Remembers the one row of a batch, and answers its number. */
  keep(batch: Batch): number;
};

type Given = { readonly keys: KeySlots; readonly own: JoinSide; readonly other: JoinSide };

/** The functions that take rows of one side, and their source. */
export function takingOf(shape: JoinShape, side: 0 | 1, given: Given): { readonly run: Taking; readonly code: string } {
  const constants: Value[] = [];
  const own = shape.sides[side];
  const used = new Set(own.stored);
  for (const key of own.keys) columnsIn(key, used);
  const emitter = new Emitter(batchReads, constants);
  const store = storing(shape, side, given.keys, emitter);
  const meet = meeting(shape, side, given.keys, emitter);
  const before = `${findBefore(given.keys.places)}
${batchColumns(used)}
${keepBefore(own.stored)}`;
  const code = `const map = g.places;
return {
take(b, p, out) {
own.reserve(b.size);
${before}
${meet.before}
for (let i = 0; i < b.size; i++) {
const w = b.weights === undefined ? 1 : b.weights[i];
${store.values}
${store.alone}
${store.code}
${meet.code}
}
out.size = m;
},
seek(b, p) {
const seeker = g.seeker;
${before}
for (let i = 0; i < b.size; i++) {
${store.values}
${store.isAlone === '' ? '' : `if (${store.isAlone}) continue;`}
${store.seek}
}
},
keep(b) {
const i = 0, w = b.weights === undefined ? 1 : b.weights[0], p = [];
${before}
${store.values}
${store.code}
return id;
}
};`;
  const run = compile<Taking>(code, { r: runtime, k: constants, g: given.keys, own: given.own, other: given.other });
  return { run, code };
}

const grow = 'if (m === ii.length) { out.grow(); ii = out.own; jj = out.other; ww = out.weights; }';
const pair = (own: string, other: string, weight: string): string => `${grow}
ii[m] = ${own}; jj[m] = ${other}; ww[m] = ${weight}; m++;`;

/** Code that puts a row `i` under its key as `id`: its key, what is done where it has none, and the rest. */
function storing({ sides }: JoinShape, side: 0 | 1, { places }: KeySlots, emitter: Emitter) {
  const { keys, types, stored, appends, isOuter, time } = sides[side];
  const found = keys.map((key): Term => {
    const { value, isNull } = emitter.term(key);
    const name = emitter.name();
    emitter.line(`const ${name} = ${value};`);
    return { value: name, isNull };
  });
  const nulls = found.map(({ isNull }) => isNull).filter((each) => each !== 'false');
  const values = emitter.take();
  const isAlone = nulls.join(' || ');
  const alone = nulls.length === 0 ? '' : `if (${nulls.join(' || ')}) {\n${isOuter ? pair('i', '0', 'w') : ''}\ncontinue;\n}`;
  const terms = found.map(({ value }) => ({ value, isNull: 'false' }));
  const find = { terms, types: keys.map(({ type }) => type), places };
  const seek = findCode({ ...find, onOpen: 'seeker.recall(s);' }, 'seeker');
  emitter.line(`${findCode({ ...find, onOpen: '' })}\nc[s * ${places.width} + ${stampAt}] = g.step;`);
  const columns = [...stored].map((place) => keepCode(types[place] as Type, place)).join('\n');
  if (appends) emitter.line(`const id = own.begin(s);\n${columns}`);
  else
    emitter.line(
      `${hashOf(stored, types)}\n${searchCode(stored, types)}\nif (id === 0) {\nid = own.begin(s);\nown.name(id, d);\n${columns}\n}`,
    );
  emitter.line('own.change(id, w);');
  if (time) {
    const { value, isNull } = emitter.term(time);
    emitter.line(`if (own.weights[id] === w) own.expire(id, ${isNull} ? null : ${value});`);
  }
  return { values, alone, isAlone, seek, code: emitter.take() };
}

/** Code for the hash `d` of a row with its key. */
function hashOf(stored: ReadonlySet<number>, types: readonly Type[]): string {
  const parts = [...stored].map((place) => {
    const hash = `Math.imul(r.hashOf(c${place}[i]), own.factors[${place}])`;
    return isMasked(types[place] as Type) ? `(${batchReads(place, types[place] as Type).isNull} ? 0 : ${hash})` : hash;
  });
  return `let d = ${['s', ...parts].join(' ^ ')};\nd = Math.imul(d ^ (d >>> 15), -2048144789);\nd = d ^ (d >>> 13);`;
}

/** Code that finds the row that looks like row `i`, `id`, which is 0 where there is none. */
function searchCode(stored: ReadonlySet<number>, types: readonly Type[]): string {
  const same = [...stored].map((place) => {
    const type = types[place] as Type;
    if (!isMasked(type)) return ` && r.isAlike(k${place}[a], c${place}[i])`;
    const { isNull } = batchReads(place, type);
    const wasNull = `(z${place} !== undefined && z${place}[a] === 1)`;
    return ` && (${isNull} ? ${wasNull} : !${wasNull} && k${place}[a] === c${place}[i])`;
  });
  return `let id = 0;
for (let at = d & own.table.mask; id === 0; at = (at + 1) & own.table.mask) {
const a = own.table.table[at * 2 + 1];
if (a === 0) break;
if (own.table.table[at * 2] === d && own.slots[a] === s${same.join('')}) id = a;
}`;
}

/** Code that notes the rows of the other side that row `id` meets. */
function meeting({ sides, residual }: JoinShape, side: 0 | 1, { places, beside }: KeySlots, emitter: Emitter) {
  const [own, other] = [sides[side], sides[1 - side] as SideShape];
  const width = sides[0].types.length;
  const isOwn = (place: number) => place < width === (side === 0);
  const placed = (place: number) => (place < width ? place : place - width);
  const read = new Set<number>();
  for (const place of residual ? columnsIn(residual) : []) if (!isOwn(place)) read.add(placed(place));
  const reads: Reads = (place, type) => {
    const at = placed(place);
    if (isOwn(place)) return batchReads(at, type);
    const value = `h${at}[j]`;
    return { value, isNull: isMasked(type) ? `(y${at} !== undefined && y${at}[j] === 1)` : `(${value} === null)` };
  };
  emitter.read(reads);
  const holds = residual ? emitter.condition(residual) : undefined;
  const test = holds === undefined ? '' : `${emitter.take()}\nif (!${holds}) continue;`;
  const partnered = `const q = vm[j];
other.touch(j);
vm[j] = q + w;
if (q === 0 && q + w !== 0) { ${pair('-1', 'j', '-v')} }
if (q !== 0 && q + w === 0) { ${pair('-1', 'j', 'v')} }`;
  return {
    before: `const vw = other.weights, vn = other.next${other.isOuter ? ', vm = other.matches' : ''};
${[...read].map((place) => `const h${place} = other.rows.columns[${place}], y${place} = other.rows.masks[${place}];`).join('\n')}
let ii = out.own, jj = out.other, ww = out.weights, m = 0;`,
    code: `${own.isOuter ? 'let x = 0;' : ''}
for (let j = c[s * ${places.width} + ${beside + 1 - side}] | 0; j !== 0; j = vn[j]) {
const v = vw[j];
if (v === 0) continue;
${test}
${own.isOuter ? 'x += v;' : ''}
${pair('i', 'j', 'w * v')}
${other.isOuter ? partnered : ''}
}
${own.isOuter ? `own.touch(id);\nown.matches[id] = x;\nif (x === 0) { ${pair('i', '0', 'w')} }` : ''}`,
  };
}
