import { columnsIn, type Expr } from '../../domain/expression.ts';
import type { Plan } from '../../domain/plan.ts';
import { type Column, readValue, type Row } from '../../domain/value.ts';
import { type Batch, BatchBuilder, concatenated, gathered } from '../batch.ts';
import type { CircuitEntry } from '../circuit.ts';
import type { Owned } from '../operator.ts';
import { readBatch, writeBatch } from './batch-bytes.ts';
import { groupOf, hashesBy } from './key-group.ts';
import { isMet, keysOfEntry, type Lies, liesOf, type Wish, wishesOf } from './split.ts';
import { Reader, Writer } from './writer.ts';

/** The other workers, as a circuit sees them that has a share of the rows. */
export type Others = {
  readonly number: number;
  readonly count: number;
  swap(parts: readonly Uint8Array[]): ReadonlyMap<number, Uint8Array<ArrayBuffer>>;
};

/** Hands over what a worker has of an input and takes what is its own of that of the others. */
export type Route = (batch: Batch, params: Row) => Batch;
type Node = { readonly plan: Plan; readonly inputs: readonly number[] };
/** Rows that are to be dealt out, with the hashes of their keys. */
type Dealing = { readonly columns: readonly Column[]; readonly batch: Batch | undefined; readonly hashes: Int32Array | undefined };

const none = new Uint8Array(0);

/** The share that one worker has of a circuit: rows are dealt out by the key groups of their keys. */
export class Exchange {
  readonly factor: number;
  readonly #others: Others;

  /** `factor`: an odd number that all workers know, by which keys are dealt out. */
  constructor(others: Others, factor: number) {
    this.#others = others;
    this.factor = factor;
  }

  /** Whether this worker has what there is once. */
  get isFirst(): boolean {
    return this.#others.number === 0;
  }

  #ownerOf(hash: number): number {
    return groupOf(hash) % this.#others.count;
  }

  /** By which keys rows have to move on their way into each node, by input: undefined where they need not. */
  moves(nodes: readonly Node[]): readonly (readonly Wish[])[] {
    return wished(nodes).map(({ wishes, below }) => wishes.map((wish, side) => (isMet(below[side], wish) ? undefined : wish)));
  }

  /** A way on which rows move by some keys. */
  route(columns: readonly Column[], keys: readonly Expr[]): Route {
    const hashesOf = hashesBy(keys, this.factor);
    return (batch, params) => this.swap([{ columns, batch, hashes: hashesOf(batch, params) }])[0] as Batch;
  }

  /** Hands over rows that are others', and answers those that are this one's, of each dealing. */
  swap(dealings: readonly Dealing[]): Batch[] {
    const { number, count } = this.#others;
    const outs = Array.from({ length: count }, () => new Writer());
    const filled = new Array<boolean>(count).fill(false);
    const own = dealings.map(({ batch, hashes }) => {
      const places = batch && hashes ? this.#dealt(hashes) : undefined;
      for (const [owner, out] of outs.entries()) {
        const theirs = places?.[owner];
        if (owner === number) continue;
        if (theirs && theirs.length > 0) filled[owner] = true;
        if (batch && theirs) writeBatch(out, batch, theirs);
        else out.number(0);
      }
      const mine = places?.[number];
      return batch && mine && (mine.length === batch.size ? batch : gathered(batch, mine));
    });
    const taken = this.#others.swap(outs.map((out, owner) => (filled[owner] ? out.finish() : none)));
    const readers = outs.map((_, owner) => {
      const bytes = owner === number ? undefined : taken.get(owner);
      return bytes && bytes.length > 0 ? new Reader(bytes) : undefined;
    });
    // Rows lay with workers in their order, so those of one key stay in it.
    return dealings.map(({ columns }, at) =>
      concatenated(
        readers.flatMap((reader, owner) => (owner === number ? (own[at] ?? []) : reader ? readBatch(reader, columns) : [])),
        columns,
      ),
    );
  }

  /** The places of rows by whose they are. */
  #dealt(hashes: Int32Array): Uint32Array[] {
    const places = Array.from({ length: this.#others.count }, () => new Uint32Array(hashes.length));
    const sizes = new Uint32Array(this.#others.count);
    for (let at = 0; at < hashes.length; at += 1) {
      const owner = this.#ownerOf(hashes[at] as number);
      (places[owner] as Uint32Array)[(sizes[owner] as number)++] = at;
    }
    return places.map((own, owner) => own.subarray(0, sizes[owner]));
  }

  /** Of what was written down of a circuit that which is this worker's. */
  ownEntries(nodes: readonly Node[], entries: Iterable<CircuitEntry>): CircuitEntry[] {
    const wishes = wished(nodes).map((each) => each.wishes);
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
      places.set(entry, () => this.#ownerOf(known.hashes(this.factor)[place] as number) === this.#others.number);
    }
    for (const entry of all) if (places.get(entry)?.() ?? true) own.push(entry);
    return own;
  }

  /** Which keys of a page that an operator wrote down are this worker's. */
  owned(nodes: readonly Node[]): (at: number) => Owned {
    const all = wished(nodes);
    return (at) => {
      const { keys } = keysOfEntry(nodes[at]?.plan as Plan, all[at]?.wishes ?? [], '');
      const hashesOf = hashesBy(keys, this.factor);
      return (batch) => Uint8Array.from(hashesOf(batch, []), (hash) => Number(this.#ownerOf(hash) === this.#others.number));
    };
  }
}

/** What operators ask of their inputs, and where the rows of those lie. */
function wished(nodes: readonly Node[]): { readonly wishes: readonly Wish[]; readonly below: readonly Lies[] }[] {
  const lies: Lies[] = [];
  return nodes.map(({ plan, inputs }, at) => {
    const below = inputs.map((input) => lies[input]);
    lies[at] = liesOf(plan, below);
    return { wishes: wishesOf(plan, below), below };
  });
}

type Dealt = { add(texts: readonly (string | null)[]): number; hashes(factor: number): Int32Array };

/** Gathers entries of one operator and answers the hashes of their keys. */
function dealtBy(plan: Plan, wishes: readonly Wish[], name: string): Dealt {
  const { columns, keys } = keysOfEntry(plan, wishes, name);
  const used = new Set<number>();
  for (const key of keys) columnsIn(key, used);
  const builder = new BatchBuilder(columns);
  let found: Int32Array | undefined;
  return {
    add(texts) {
      const row = columns.map(({ type }, at) => (used.has(at) && typeof texts[at] === 'string' ? readValue(type, texts[at]) : null));
      builder.add(row, 1);
      return builder.size - 1;
    },
    hashes(factor) {
      found ??= hashesBy(keys, factor)(builder.finish(), []);
      return found;
    },
  };
}
