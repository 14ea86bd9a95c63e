import { AppendState, type Taking } from './append-state.ts';
import { columnsIn } from '../domain/expression.ts';
import type { Order, Plan } from '../domain/plan.ts';
import type { Column, Row, Type, Value } from '../domain/value.ts';
import { type Batch, Later, picked, type Vector } from './batch.ts';
import { type Clocks, limitOf } from './clock.ts';
import { compile } from './compile.ts';
import { batchColumns, batchReads, Emitter, isOwnKey, type Term } from './emit.ts';
import { findBefore, findCode } from './find.ts';
import { KeySlots } from './key-slot.ts';
import { topMax } from './limits.ts';
import type { Operator, State } from './operator.ts';
import { fullOrder } from './order.ts';
import { rowsAt } from './place.ts';
import { keepBefore, keepCode, keptTerm } from './row-store.ts';
import { runtime } from './runtime.ts';
import { TopRows } from './top-rows.ts';

type Over = Extract<Plan, { kind: 'over' }>;

/** Whether the first rows of each partition are all that an OVER needs: those behind them never count. */
export const isTop = (plan: Over, inputAppends: boolean): boolean =>
  inputAppends &&
  plan.limit !== undefined &&
  plan.limit > 0 &&
  plan.limit <= topMax &&
  plan.rankings.every(({ name }) => name === 'row_number');

/** The first rows of each partition with their numbers, of rows that only come. */
export class Top implements Operator {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state: State;
  readonly #input: readonly Column[];
  readonly #numbers: number;
  readonly #rows: TopRows;
  readonly #taking: Taking;
  readonly #limit: ((clocks: Clocks) => number) | undefined;

  constructor(plan: Over) {
    this.columns = plan.columns;
    this.#input = plan.input.columns;
    this.#numbers = plan.rankings.length;
    const types = plan.partition.map(({ type }) => type);
    const keys = new KeySlots(types, types, 1, Number.NaN);
    this.#rows = new TopRows(
      plan.input.columns.map(({ type }) => type),
      keys,
      types,
      plan.limit as number,
    );
    this.#limit = plan.closing && limitOf(plan.closing.bound, 'forgotten');
    const constants: Value[] = [];
    const code = topCode(plan, keys, constants);
    this.code = [['top', code]];
    this.#taking = compile<Taking>(code, { r: runtime, k: constants, g: keys, own: this.#rows });
    this.state = new AppendState(this.#rows, plan.input.columns, this.#taking);
  }

  step([batch]: readonly Batch[], params: Row, _isFirst: boolean, clocks: Clocks): Batch {
    const rows = this.#rows;
    rows.kept.step += 1;
    const from = rows.journal.length;
    if (batch && batch.size > 0) {
      if (rows.spilling.isAway) this.#taking.seek(batch, params);
      rows.kept.reserve(batch.size);
      this.#taking.take(batch, params);
    }
    const changed = this.#changed(from);
    if (this.#limit) rows.forget(this.#limit(clocks));
    return changed;
  }

  /** What went and came with the partitions that this step changed. */
  #changed(from: number): Batch {
    const { journal, ranked, most, keys, rows } = this.#rows;
    const [ids, numbers, weights]: [number[], number[], number[]] = [[], [], []];
    for (let at = from; at < journal.length; ) {
      const [slot, before] = [journal[at] as number, journal[at + 1] as number];
      const after = keys.rowsOf(slot);
      for (let place = 0; place < after; place += 1) {
        const [was, is] = [place < before ? (journal[at + 2 + place] as number) : 0, ranked[slot * most + place] as number];
        if (was === is) continue;
        if (was > 0) {
          ids.push(was);
          numbers.push(place + 1);
          weights.push(-1);
        }
        ids.push(is);
        numbers.push(place + 1);
        weights.push(1);
      }
      at += 2 + before;
    }
    const columns = this.#input.map((_, place): Vector => {
      const vector = { values: rows.columns[place] as Vector['values'], nulls: rows.masks[place] };
      return new Later(() => picked(vector, ids));
    });
    const counted = Float64Array.from(numbers);
    for (let at = 0; at < this.#numbers; at += 1) columns.push({ values: counted, nulls: undefined });
    return { size: ids.length, columns, weights: weights.every((weight) => weight === 1) ? undefined : Float64Array.from(weights) };
  }
}

/** The function that takes the rows of a batch. */
function topCode(plan: Over, keys: KeySlots, constants: Value[]): string {
  const { partition, input, closing } = plan;
  const types = input.columns.map(({ type }) => type);
  const order = fullOrder(plan.order, input.columns);
  const used = new Set(types.keys());
  for (const expr of [...partition, ...order.map(({ expr: each }) => each), ...(closing ? [closing.by] : [])]) columnsIn(expr, used);
  const emitter = new Emitter(batchReads, constants);
  const terms = partition.map((key): Term => {
    const { value, isNull } = emitter.term(key);
    const name = emitter.name();
    emitter.line(`const ${name} = ${value};`);
    return { value: name, isNull };
  });
  const keyTypes = partition.map(({ type }) => type);
  const { width } = keys.places;
  const named = emitter.take();
  const find = { terms, types: keyTypes, places: keys.places };
  const time = closing && emitter.term(closing.by);
  const expire = time ? `${emitter.take()}\nif (m === 0) own.expire(s, ${time.isNull} ? null : ${time.value});` : '';
  return `const map = g.places, most = own.most;
return {
seek(b, p) {
const seeker = g.seeker;
${findBefore(keys.places)}
${batchColumns(used)}
for (let i = 0; i < b.size; i++) {
${named}
${findCode({ ...find, onOpen: 'seeker.recall(s);' }, 'seeker')}
}
},
take(b, p) {
let id = 0;
${findBefore(keys.places)}
${batchColumns(used)}
${keepBefore(types.keys())}
${compareCode(order, constants)}
for (let i = 0; i < b.size; i++) {
${named}
${findCode({ ...find, onOpen: '' })}
for (let w = b.weights === undefined ? 1 : b.weights[i]; w > 0; w--) {
const m = c[s * ${width} + ${rowsAt}];
let at = m;
while (at > 0 && compare(i, own.ranked[s * most + at - 1]) < 0) at--;
if (at === most) break;
id = own.insert(s, at);
${types.map((type, place) => keepCode(type, place)).join('\n')}
${expire}
}
}
return id;
}
};`;
}

/** Code of a function that says whether row `i` of the batch comes before (negative) or behind row `a` that is kept. */
function compareCode(order: readonly Order[], constants: Value[]): string {
  const parts = order.map(({ expr, isDown, nullsFirst }) => {
    const emitter = new Emitter(batchReads, constants);
    const own = emitter.term(expr);
    emitter.read((place, type) => keptTerm(place, type, 'a'));
    const other = emitter.term(expr);
    const [first, last] = isDown ? ['1', '-1'] : ['-1', '1'];
    const differ = compareOf(expr.type, first, last);
    const nulls = `if (xNull || yNull) { if (xNull !== yNull) return xNull === ${nullsFirst} ? -1 : 1; } else `;
    const known = own.isNull === 'false' && other.isNull === 'false';
    return `{
${emitter.take()}
const x = ${own.value}, y = ${other.value};
${known ? '' : `const xNull = ${own.isNull}, yNull = ${other.isNull};\n${nulls}`}{ ${differ} }
}`;
  });
  return `function compare(i, a) {\n${parts.join('\n')}\nreturn 0;\n}`;
}

function compareOf(type: Type, first: string, last: string): string {
  if (!isOwnKey(type)) return `const d = r.compareValues(x, y); if (d !== 0) return d < 0 ? ${first} : ${last};`;
  if (type === 'text') return `if (x !== y) return r.compareTexts(x, y) < 0 ? ${first} : ${last};`;
  return `if (x !== y) return x < y ? ${first} : ${last};`;
}
