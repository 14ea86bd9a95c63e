import { AppendState, type Taking } from './append-state.ts';
import { columnsIn } from '../domain/expression.ts';
import type { Plan } from '../domain/plan.ts';
import type { Column, Row, Value } from '../domain/value.ts';
import { absent, type Batch, Later, picked, type Values, type Vector } from './batch.ts';
import { type Clocks, limitOf } from './clock.ts';
import { compile } from './compile.ts';
import { batchColumns, batchReads, Emitter, type Term } from './emit.ts';
import { findBefore, findCode } from './find.ts';
import { KeySlots } from './key-slot.ts';
import type { Operator, State } from './operator.ts';
import { keepBefore, keepCode } from './row-store.ts';
import { runtime } from './runtime.ts';
import { SessionRows } from './session-rows.ts';

/** Each row with the start and end of its session, of rows that only come. */
export class Session implements Operator {
  readonly columns: readonly Column[];
  readonly code: Operator['code'];
  readonly state: State;
  readonly #input: readonly Column[];
  readonly #stored: ReadonlySet<number>;
  readonly #rows: SessionRows;
  readonly #taking: Taking;
  readonly #limit: ((clocks: Clocks) => number) | undefined;

  /** `shown`: the columns that are read of what comes out; the others are NULL. */
  constructor(plan: Extract<Plan, { kind: 'session' }>, shown: ReadonlySet<number>) {
    this.columns = plan.columns;
    this.#input = plan.input.columns;
    const stored = new Set([...shown].filter((place) => place < plan.input.columns.length));
    for (const expr of [...plan.partition, plan.time, plan.gap]) columnsIn(expr, stored);
    this.#stored = stored;
    const types = plan.partition.map(({ type }) => type);
    const keys = new KeySlots(types, types, 0);
    const own = plan.input.columns.map(({ type }) => type);
    this.#rows = new SessionRows({ types: own, stored, keys, keyTypes: types, isClosing: plan.closing !== undefined });
    this.#limit = plan.closing && limitOf(plan.closing.bound, 'forgotten');
    const constants: Value[] = [];
    const code = sessionCode(plan, stored, keys, constants);
    this.code = [['session', code]];
    this.#taking = compile<Taking>(code, { r: runtime, k: constants, g: keys, own: this.#rows });
    this.state = new AppendState(this.#rows, plan.input.columns, this.#taking);
  }

  step([batch]: readonly Batch[], params: Row, _isFirst: boolean, clocks: Clocks): Batch {
    if (batch && this.#rows.spilling.isAway) this.#taking.seek(batch, params);
    this.#rows.begin(batch?.size ?? 0);
    if (batch && batch.size > 0) this.#taking.take(batch, params);
    const { ids, starts, ends, weights } = this.#rows.moves();
    const { columns, masks } = this.#rows.rows;
    const found = this.#input.map(({ type }, place): Vector => {
      if (!this.#stored.has(place)) return absent(type, ids.length);
      const vector = { values: columns[place] as Values, nulls: masks[place] };
      return new Later(() => picked(vector, ids));
    });
    for (const bound of [starts, ends]) found.push({ values: Float64Array.from(bound), nulls: undefined });
    if (this.#limit) this.#rows.forget(this.#limit(clocks));
    return { size: ids.length, columns: found, weights: weights.every((weight) => weight === 1) ? undefined : Float64Array.from(weights) };
  }
}

/** The function that takes the rows of a batch; those without a time or gap are in no session. */
function sessionCode(
  { partition, time, gap, input }: Extract<Plan, { kind: 'session' }>,
  stored: ReadonlySet<number>,
  keys: KeySlots,
  constants: Value[],
): string {
  const types = partition.map(({ type }) => type);
  const emitter = new Emitter(batchReads, constants);
  const [from, length] = [emitter.term(time), emitter.term(gap)];
  for (const { isNull } of [from, length]) if (isNull !== 'false') emitter.line(`if (${isNull}) continue;`);
  emitter.line(`const time = ${from.value}, until = r.moved(time, ${length.value});`);
  const bounds = emitter.take();
  const terms = partition.map((key): Term => {
    const { value, isNull } = emitter.term(key);
    const name = emitter.name();
    emitter.line(`const ${name} = ${value};`);
    return { value: name, isNull };
  });
  const named = emitter.take();
  const find = { terms, types, places: keys.places };
  return `const map = g.places;
return {
seek(b, p) {
const seeker = g.seeker;
${findBefore(keys.places)}
${batchColumns(stored)}
for (let i = 0; i < b.size; i++) {
${bounds}
${named}
${findCode({ ...find, onOpen: 'seeker.recall(s);' }, 'seeker')}
}
},
take(b, p) {
let id = 0;
${findBefore(keys.places)}
${batchColumns(stored)}
${keepBefore(stored)}
for (let i = 0; i < b.size; i++) {
${bounds}
${named}
${findCode({ ...find, onOpen: '' })}
for (let w = b.weights === undefined ? 1 : b.weights[i]; w > 0; w--) {
id = own.add(s, time, until);
${[...stored].map((place) => keepCode(input.columns[place]?.type ?? 'text', place)).join('\n')}
}
}
return id;
}
};`;
}
