import { columnsIn, type Expr } from '../../domain/expression.ts';
import type { Plan } from '../../domain/plan.ts';
import { type Column, readValue, type Row } from '../../domain/value.ts';
import { type Batch, BatchBuilder, concatenated, gathered } from '../batch.ts';
import type { CircuitEntry } from '../circuit.ts';
import { batchIn, writeBatch } from './batch-bytes.ts';
import { groupsBy } from './key-group.ts';
import { isMet, keysOfEntry, type Lies, liesOf, type Wish, wishesOf } from './split.ts';
import { Writer } from './writer.ts';

/** The other workers, as a circuit sees them that has a share of the rows. */
export type Others = {
  readonly number: number;
  readonly count: number;
  swap(parts: readonly Uint8Array[]): ReadonlyMap<number, Uint8Array<ArrayBuffer>>;
};

/** Hands over what a worker has of an input and takes what is its own of that of the others. */
export type Route = (batch: Batch, params: Row) => Batch;
type Node = { readonly plan: Plan; readonly inputs: readonly number[] };

const none = new Uint8Array(0);

/** The share that one worker has of a circuit: rows are dealt out by the key groups of their keys. */
export class Exchange {
  readonly #others: Others;
  readonly #factor: number;

  /** `factor`: an odd number that all workers know, by which keys are dealt out. */
  constructor(others: Others, factor: number) {
    this.#others = others;
    this.#factor = factor;
  }

  /** Whether this worker has what there is once. */
  get isFirst(): boolean {
    return this.#others.number === 0;
  }

  #ownerOf(group: number): number {
    return group % this.#others.count;
  }

  /** The ways into each node, by input: undefined where rows need not move. */
  routes(nodes: readonly Node[]): readonly (readonly (Route | undefined)[])[] {
    const lies: Lies[] = [];
    return nodes.map(({ plan, inputs }, at) => {
      const below = inputs.map((input) => lies[input]);
      lies[at] = liesOf(plan, below);
      return wishesOf(plan, below).map((wish, side) =>
        wish && !isMet(below[side], wish) ? this.#route(nodes[inputs[side] as number]?.plan.columns ?? [], wish) : undefined,
      );
    });
  }

  #route(columns: readonly Column[], keys: readonly Expr[]): Route {
    const groupsOf = groupsBy(keys, this.#factor);
    const { number, count } = this.#others;
    return (batch, params) => {
      const groups = groupsOf(batch, params);
      const places = Array.from({ length: count }, () => new Uint32Array(batch.size));
      const sizes = new Uint32Array(count);
      for (let at = 0; at < batch.size; at += 1) {
        const owner = this.#ownerOf(groups[at] as number);
        (places[owner] as Uint32Array)[(sizes[owner] as number)++] = at;
      }
      const parts = places.map((own, owner) => {
        if (owner === number || sizes[owner] === 0) return none;
        const out = new Writer();
        writeBatch(out, batch, own.subarray(0, sizes[owner]));
        return out.finish();
      });
      const taken = this.#others.swap(parts);
      const own = sizes[number] === batch.size ? batch : gathered(batch, (places[number] as Uint32Array).subarray(0, sizes[number]));
      // Rows lay with workers in their order, so those of one key stay in it.
      const all = places.map((_, owner) => {
        const bytes = owner === number ? undefined : taken.get(owner);
        return bytes && bytes.length > 0 ? batchIn(bytes, columns) : undefined;
      });
      all[number] = own;
      return concatenated(
        all.filter((each) => each !== undefined),
        columns,
      );
    };
  }

  /** Of what was written down of a circuit that which is this worker's. */
  ownEntries(nodes: readonly Node[], entries: Iterable<CircuitEntry>): CircuitEntry[] {
    const lies: Lies[] = [];
    const wishes = nodes.map(({ plan, inputs }, at) => {
      const below = inputs.map((input) => lies[input]);
      lies[at] = liesOf(plan, below);
      return wishesOf(plan, below);
    });
    const dealt = new Map<string, Dealt>();
    const own: CircuitEntry[] = [];
    const places = new Map<CircuitEntry, () => boolean>();
    const all = [...entries];
    for (const entry of all) {
      const [at, name, written] = entry;
      // How far times had come is known to all.
      if (!Array.isArray(written)) continue;
      const part = `${at} ${name.startsWith('r')}`;
      const known = dealt.get(part) ?? dealtBy(nodes[at]?.plan as Plan, wishes[at] ?? [], name);
      dealt.set(part, known);
      const place = known.add(written[0] as (string | null)[]);
      places.set(entry, () => this.#ownerOf(known.groups(this.#factor)[place] as number) === this.#others.number);
    }
    for (const entry of all) if (places.get(entry)?.() ?? true) own.push(entry);
    return own;
  }
}

type Dealt = { add(texts: readonly (string | null)[]): number; groups(factor: number): Uint8Array };

/** Gathers entries of one operator and answers their key groups. */
function dealtBy(plan: Plan, wishes: readonly Wish[], name: string): Dealt {
  const { columns, keys } = keysOfEntry(plan, wishes, name);
  const used = new Set<number>();
  for (const key of keys) columnsIn(key, used);
  const builder = new BatchBuilder(columns);
  let found: Uint8Array | undefined;
  return {
    add(texts) {
      const row = columns.map(({ type }, at) => (used.has(at) && typeof texts[at] === 'string' ? readValue(type, texts[at]) : null));
      builder.add(row, 1);
      return builder.size - 1;
    },
    groups(factor) {
      found ??= groupsBy(keys, factor)(builder.finish(), []);
      return found;
    },
  };
}
