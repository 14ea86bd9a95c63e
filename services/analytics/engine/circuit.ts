import { createHash } from 'node:crypto';
import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { exactly } from '../domain/part.ts';
import { appends, inputsOf, type Plan } from '../domain/plan.ts';
import type { Column, Row } from '../domain/value.ts';
import { Overrun, routineStates } from '../domain/routine.ts';
import { type Reads, readsOf, shownOf } from '../domain/wanted.ts';
import { absent, type Batch, concatenated, emptyBatch } from './batch.ts';
import { Group } from './group.ts';
import { Join } from './join.ts';
import { Lookup } from './lookup.ts';
import { type Clocks, noClocks } from './clock.ts';
import { Emission } from './emission.ts';
import { entriesMax } from './limits.ts';
import type { Entry, Operator, State } from './operator.ts';
import { StreamMatch } from './match-stream.ts';
import { WholeMatch } from './match-whole.ts';
import { Partitioned } from './partition.ts';
import { pipeline } from './pipeline.ts';
import { Session } from './session.ts';
import type { Room } from './spill/room.ts';
import { scoringOf } from './scoring.ts';
import { isStage, type Stage } from './stage.ts';
import { Temporal } from './temporal.ts';
import { isTop, Top } from './top.ts';
import { SeriesRows } from './series.ts';
import { isTold, standingOf } from './standing.ts';
import { Unnest } from './unnest.ts';
import { Window } from './window.ts';
import type { Exchange, Route } from './worker/exchange.ts';
import { SharedGroup } from './worker/shared-group.ts';
import type { Wish } from './worker/split.ts';

/** So many entries, or one page, are loaded before there is room made for more. */
const loadedBetween = 4096;

/** `shown`: the columns that are read of what comes out of it. */
type Planned = { readonly plan: Plan; readonly inputs: readonly number[]; readonly shown: Set<number> };
/** `from`: the nodes whose rows an operator takes, which are not its inputs where it does the work of those besides its own. */
type Node = Planned & { readonly operator: Operator | undefined; readonly from: readonly number[] };

/** A node whose rows others read; `shown`: the columns of it that have values. */
export type Tapped = { readonly at: number; readonly shown: ReadonlySet<number>; readonly isLast: boolean };

/** What is known of an operator at work. */
export type OperatorFacts = {
  readonly plan: Plan;
  /** The places of its inputs among the operators. */
  readonly inputs: readonly number[];
  readonly rows: number | undefined;
  /** Rows and groups that it remembers. */
  readonly entries: number | undefined;
};

/** What is written down of a circuit: an operator's entry. */
export type CircuitEntry = readonly [operator: number, key: string, written: unknown];

/** A plan as operators that go on from one state to the next: changes of relations in, the changes of its rows out. */
export class Circuit {
  readonly columns: readonly Column[];
  readonly #nodes: readonly Node[];
  /** Rows that came out of each node so far. */
  readonly #rows: number[];
  readonly #reads: Reads;
  /** The ways into nodes, where workers have a share of the rows each. */
  readonly #routes: readonly (readonly (Route | undefined)[])[] | undefined;
  readonly #exchange: Exchange | undefined;
  #isFirst = true;
  /** Whether nothing was settled as yet. */
  #isFresh = true;
  /** The node whose turn it was last in a step. */
  #at = 0;
  /** What came out of nodes in the last step, of those that others read. */
  readonly #taps = new Map<number, Batch | undefined>();
  /** The memory that it may have; without one all that it remembers is in memory. */
  readonly #room: Room | undefined;

  /** `exchange`: the way to the workers that have the other shares of the rows. */
  constructor(plan: Plan, room?: Room, exchange?: Exchange) {
    this.#room = room;
    this.columns = plan.columns;
    this.#exchange = exchange;
    const nodes = planned(plan);
    const moves = exchange?.moves(nodes);
    this.#nodes = operated(nodes, exchange, moves);
    this.#routes = moves?.map((wishes, at) => this.#routesInto(at, wishes));
    this.#rows = this.#nodes.map(() => 0);
    this.#reads = readsOf(plan);
    for (const state of this.#remembering()) {
      if (state.spilling) room?.add(state.spilling);
      room?.hold(state);
    }
  }

  *#remembering(): Generator<State> {
    for (const { operator } of this.#nodes) if (operator?.state) yield operator.state;
  }

  #routesInto(at: number, wishes: readonly Wish[]): (Route | undefined)[] {
    const { plan, inputs } = this.#nodes[at] as Node;
    return wishes.map((wish, side) => {
      // Groups have a way of their own.
      if (!wish || plan.kind === 'group') return undefined;
      return this.#exchange?.route(this.#nodes[inputs[side] as number]?.plan.columns ?? [], wish);
    });
  }

  /** One step: the changes of each relation by its number. It is then to be settled or undone. */
  step(changes: ReadonlyMap<bigint, Batch>, params: Row = [], clocks: Clocks = noClocks): Batch {
    this.#room?.make();
    const found: Batch[] = [];
    const isFirst = this.#isFirst && (this.#exchange?.isFirst ?? true);
    for (const [at, { plan, operator, from }] of this.#nodes.entries()) {
      this.#at = at;
      if (plan.kind === 'scan') found[at] = this.#read(plan, changes.get(plan.relation) ?? emptyBatch(plan.columns));
      else if (plan.kind === 'one') found[at] = { size: isFirst ? 1 : 0, columns: [], weights: undefined };
      else if (operator) {
        const routes = this.#routes?.[at];
        const inputs = from.map((input, side) => routes?.[side]?.(found[input] as Batch, params) ?? (found[input] as Batch));
        found[at] = operator.step(inputs, params, isFirst, clocks);
      }
      this.#rows[at] = (this.#rows[at] ?? 0) + (found[at]?.size ?? 0);
    }
    this.#isFirst = false;
    for (const at of this.#taps.keys()) this.#taps.set(at, found[at]);
    const last = found.at(-1) as Batch;
    this.#at = this.#nodes.length;
    if (this.#held > entriesMax) throw this.#tooMuch();
    this.#room?.check();
    return last;
  }

  /** A view stands still with it; a query is answered so. */
  #tooMuch(): StatementError {
    const text = `at most ${entriesMax} rows and groups can be in memory at once for a view or query`;
    return this.#room ? new Overrun(routineStates.memory, text) : new StatementError(sqlstates.tooLarge, text);
  }

  /** Keeps what comes out of a node from now on, for others. */
  tap(at: number): void {
    this.#taps.set(at, undefined);
  }

  untap(): void {
    this.#taps.clear();
  }

  /** What came out of a node in the last step. */
  tapped(at: number): Batch {
    return this.#taps.get(at) ?? emptyBatch(this.#nodes[at]?.plan.columns ?? []);
  }

  /** Whether what a node reads, or the node itself, let the last step fail. */
  hasFailedIn(at: number): boolean {
    return this.#at === at || (this.#nodes[at]?.inputs.some((input) => this.hasFailedIn(input)) ?? false);
  }

  /** Where a part of the plan is computed, if others can have what comes out of it. */
  nodeOf(isPart: (plan: Plan) => boolean): Tapped | undefined {
    const at = this.#nodes.findIndex(({ plan }) => isPart(plan));
    const node = this.#nodes[at];
    const isLast = at === this.#nodes.length - 1;
    if (!node || !(node.operator || isLast)) return undefined;
    // Groups and ranks have all of their columns, whichever are read.
    const isWhole = ['group', 'over'].includes(node.plan.kind);
    return { at, shown: isWhole ? new Set(node.plan.columns.keys()) : node.shown, isLast };
  }

  /** Whether the rows that a node has given out so far can be told from what is remembered. */
  isTold(at: number): boolean {
    const { plan, operator, from } = this.#nodes[at] as Node;
    if (plan.kind === 'scan') return false;
    if (plan.kind === 'one' || !operator) return plan.kind === 'one';
    return operator.state ? isTold(plan, operator) : from.every((input) => this.isTold(input));
  }

  /** The rows that a node has given out so far, while nothing is changed. */
  *standing(at: number): Generator<Batch> {
    const { plan, operator, from, shown } = this.#nodes[at] as Node;
    if (plan.kind === 'one') yield { size: 1, columns: [], weights: undefined };
    else if (operator?.state) yield* standingOf(plan, operator, () => operatorOf(plan, [], shown) as Operator);
    else
      for (const [side, input] of from.entries())
        for (const batch of this.standing(input)) {
          const inputs = from.map((other, place) => (place === side ? batch : emptyBatch(this.#nodes[other]?.plan.columns ?? [])));
          if (operator) yield operator.step(inputs, [], false, noClocks);
        }
  }

  /** Columns that nobody reads are NULL, so that nothing of them is remembered. */
  #read({ relation, columns }: Extract<Plan, { kind: 'scan' }>, batch: Batch): Batch {
    const wanted = this.#reads.get(relation);
    if (batch.columns.length > columns.length)
      return this.#read({ relation, columns } as never, { ...batch, columns: batch.columns.slice(0, columns.length) });
    if (batch.size === 0 || !wanted || wanted.size === columns.length) return batch;
    const read = batch.columns.map((vector, place) => (wanted.has(place) ? vector : absent(columns[place]?.type ?? 'text', batch.size)));
    return { ...batch, columns: read };
  }

  /** Rows and groups that are remembered. */
  get size(): number {
    return this.#nodes.reduce((sum, { operator }) => sum + (operator?.state?.size ?? 0), 0);
  }

  /** Whether any of what it remembers may be on disk. */
  get canSpill(): boolean {
    return this.#nodes.some(({ operator }) => operator?.state?.spilling !== undefined);
  }

  /** Gives up its memory; it takes no step any more. */
  end(): void {
    for (const state of this.#remembering()) {
      if (state.spilling) this.#room?.remove(state.spilling);
      this.#room?.release(state);
    }
  }

  /** Rows and groups that have to be in memory at once. */
  get #held(): number {
    const heldOf = (state: State | undefined) => (this.#room && state?.spilling ? state.spilling.held : (state?.size ?? 0));
    return this.#nodes.reduce((sum, { operator }) => sum + heldOf(operator?.state), 0);
  }

  /** The nodes with what came out of them and what they remember. */
  operators(): OperatorFacts[] {
    return this.#nodes.map(({ plan, inputs, operator }, at) => {
      // What is part of the pipeline above it has no rows of its own.
      const isOwn = operator !== undefined || plan.kind === 'scan' || plan.kind === 'one';
      return { plan, inputs, rows: isOwn ? this.#rows[at] : undefined, entries: operator?.state?.size };
    });
  }

  /** Takes out why rows were left out that had been taken before. */
  rejected(): string[] {
    return this.#nodes.flatMap(({ operator }) => operator?.rejected?.() ?? []);
  }

  settle(): CircuitEntry[] {
    this.#isFresh = false;
    return this.#nodes.flatMap(({ operator }, at) =>
      (operator?.state?.settle() ?? []).map(([key, written]): CircuitEntry => [at, key, written]),
    );
  }

  undo(): void {
    this.#isFirst = this.#isFresh;
    for (const { operator } of this.#nodes) operator?.state?.undo();
  }

  *dump(): Generator<CircuitEntry> {
    for (const [at, { operator }] of this.#nodes.entries())
      for (const [key, written] of operator?.state?.dump() ?? []) yield [at, key, written];
  }

  /** Puts back what was written down, all of it before the first step. */
  load(entries: Iterable<CircuitEntry>): void {
    this.#isFirst = false;
    this.#isFresh = false;
    const own = this.#exchange?.ownEntries(this.#nodes, entries) ?? entries;
    const owned = this.#exchange?.owned(this.#nodes);
    let count = 0;
    for (const [at, key, written] of own) {
      this.#nodes[at]?.operator?.state?.load([key, written] as Entry, owned?.(at));
      count += written instanceof Uint8Array ? loadedBetween : 1;
      if (count >= loadedBetween) {
        this.#room?.make();
        count = 0;
      }
    }
  }

  /** Whether an operator names what it writes down by numbers that it gave. */
  isNumbered(at: number): boolean {
    return this.#nodes[at]?.operator?.state?.isNumbered ?? false;
  }

  /** Changes whenever what is written down would be understood otherwise. */
  get shape(): string {
    return createHash('sha256')
      .update(`3 ${this.#nodes.map(({ plan, inputs }) => `${shapeOf(plan)} ${inputs.join()}`).join('\n')}`)
      .digest('hex');
  }

  /** The generated source, by what it does. */
  *code(): Generator<string> {
    for (const [at, { plan, operator }] of this.#nodes.entries())
      for (const [what, code] of operator?.code ?? [])
        yield* [`-- ${at} ${plan.kind}: ${what}`, ...code.split('\n').filter((line) => line !== '')];
  }
}

const shapeOf = (plan: Plan): string =>
  JSON.stringify(plan, (key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : key === 'position' ? undefined : value));

/** The nodes of a plan in the order in which their entries are numbered. */
export const nodesIn = (plan: Plan): readonly Plan[] => planned(plan).map((node) => node.plan);

/** The nodes of a plan, each behind its inputs. Equal parts are computed once. */
function planned(plan: Plan): readonly Planned[] {
  const nodes: Planned[] = [];
  const known = new Map<string, number>();
  const shown = shownOf(plan);
  const build = (each: Plan): number => {
    const text = JSON.stringify(each, (key, value: unknown) => (key === 'columns' ? value : exactly(key, value)));
    const inputs = inputsOf(each).map(build);
    const at = known.get(text) ?? nodes.push({ plan: each, inputs, shown: new Set() }) - 1;
    known.set(text, at);
    for (const place of shown.get(each) ?? []) nodes[at]?.shown.add(place);
    return at;
  };
  build(plan);
  return nodes;
}

/** Nodes with their operators. What is done to each row alone, for one node, is part of that node's pipeline. */
function operated(nodes: readonly Planned[], exchange: Exchange | undefined, moves: readonly (readonly Wish[])[] | undefined): Node[] {
  const takers = nodes.map((_, at) => nodes.reduce((sum, { inputs }) => sum + Number(inputs.includes(at)), 0));
  const absorbed = new Set<number>();
  const found = nodes.map(({ plan, inputs, shown }) => {
    const stages: Stage[] = [];
    let from = inputs;
    while (plan.kind === 'map' || plan.kind === 'group') {
      const [below = -1] = from;
      const under = nodes[below];
      if (!under || takers[below] !== 1 || !isStage(under.plan)) break;
      if (plan.kind === 'group' && scoringOf([under.plan])) break;
      stages.unshift(under.plan);
      absorbed.add(below);
      from = under.inputs;
    }
    return { plan, inputs, shown, from, stages };
  });
  return found.map(({ plan, inputs, shown, from, stages }, at) => ({
    ...{ plan, inputs, shown, from },
    operator: absorbed.has(at) ? undefined : operatorOf(plan, stages, shown, moves?.[at]?.[0] && exchange),
  }));
}

const inputOf = (plan: Plan) => ({ columns: plan.columns, appends: appends(plan) });

/** `exchange`: the way of rows to the operator, where they move. */
function operatorOf(plan: Plan, stages: readonly Stage[], shown: ReadonlySet<number>, exchange?: Exchange): Operator | undefined {
  switch (plan.kind) {
    case 'scan':
    case 'one':
      return undefined;
    case 'map': {
      const { run, code } = pipeline([...stages, plan]);
      return { columns: plan.columns, code: [['pipeline', code]], step: ([batch], params) => run(batch as Batch, params) };
    }
    case 'series':
      return new SeriesRows(plan);
    case 'unnest':
      return new Unnest(plan);
    case 'window':
      return new Window(plan);
    case 'group':
      return exchange ? new SharedGroup(plan, appends(plan.input), stages, exchange) : new Group(plan, appends(plan.input), stages);
    case 'join':
      return new Join({ ...plan, left: inputOf(plan.left), right: inputOf(plan.right), shown });
    case 'over':
      return isTop(plan, appends(plan.input)) ? new Top(plan) : new Partitioned(plan, appends(plan.input));
    case 'session':
      return appends(plan.input) ? new Session(plan, shown) : new Partitioned(plan, false);
    case 'match':
      return plan.closing && !plan.closing.ends ? new StreamMatch(plan) : new WholeMatch(plan);
    case 'temporal':
      return new Temporal(plan);
    case 'lookup':
      return new Lookup(plan);
    case 'emit':
    case 'retain':
      return new Emission(plan);
    case 'union':
      return { columns: plan.columns, code: [], step: (inputs) => concatenated(inputs, plan.columns) };
  }
}
