import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Placed } from '#kernel/contract/provider.ts';
import { isModel, Overrun, type Routine, routineOf, routineStates } from '../../domain/routine.ts';
import { type Asking, answered } from '../asking.ts';
import { listOfJson } from '../../domain/json-list.ts';
import { castValue } from '../../domain/cast.ts';
import {
  elementOf,
  isList,
  isTuple,
  type List,
  keyOf,
  printValue,
  ranged,
  readValue,
  type Row,
  type Type,
  type Value,
} from '../../domain/value.ts';
import { absent, valueAt, type Vector, vectorOf } from '../batch.ts';
import { networkAskedMax } from '../network/limits.ts';
import type { Given, ModelCalls, Scored } from '../score.ts';
import {
  routineBatchLength,
  routineCallsLength,
  routineCallsMax,
  routineMs,
  routineResidentMb,
  routineRowsMax,
} from './limits.ts';
import type { CallRoutines, Reply } from './pool.ts';

type Outcome = { readonly value: Value } | { readonly error: StatementError };
type Called = { readonly routine: Routine; readonly known: Map<string, Outcome>; readonly missing: Map<string, Row> };
/** Columns that a model is asked, and what it said once it was waited for. */
type AskedColumns = { readonly given: Given; scored: Scored | undefined };

/** What answers calls of functions of one environment: processes are waited for, and models where they are not at hand. */
export type Answering = { readonly call: CallRoutines; readonly models: ModelCalls };
/** Who calls functions of environments. */
export type RoutineCalls = { of(at: Placed): Answering };

/** The text under which a call of the same arguments is known; what looks another way is another. */
function nameOf(args: readonly Value[]): string {
  let name = '';
  for (const arg of args) {
    if (typeof arg !== 'object' || arg === null) name += Object.is(arg, -0) ? '-0;' : keyOf(arg);
    else if (isTuple(arg)) name += `(${arg.fields.length}:${nameOf(arg.fields)}`;
    else if (isList(arg)) name += `[${arg.sizes.join()}:${nameOf(arg.items)}`;
    else name += 'units' in arg ? `${arg.units}e${arg.scale};` : `${arg.months} ${arg.days} ${arg.micros};`;
  }
  return name;
}

const plain: readonly Type[] = ['bool', 'int2', 'int4', 'text'];

/** A value as a function is given it. */
function cellOf(type: Type, value: Value): unknown {
  if (value === null || plain.includes(type)) return value;
  if ((type === 'float8' || type === 'float4') && !Object.is(value, -0)) return value;
  const element = elementOf(type);
  if (!element) return printValue(type, value);
  const { sizes, items } = value as List;
  return [sizes, items.map((item) => cellOf(element, item))];
}

/** A value as a process said it, which is not believed. */
function valueOf(type: Type, cell: unknown): Value {
  if (cell === null) return null;
  if (type === 'bool' && typeof cell === 'boolean') return cell;
  if ((type === 'float8' || type === 'float4') && (typeof cell === 'number' || cell === '-0'))
    return type === 'float8' ? Number(cell) : castValue(Number(cell), 'float8', 'float4');
  const element = elementOf(type);
  if (element && typeof cell === 'string') return listOfJson(element, listIn(cell), (item) => valueOf(element, item));
  if (typeof cell !== 'string') throw new StatementError(routineStates.wrong, 'a function answered what is no value of its type');
  if (type === 'int2' || type === 'int4' || type === 'int8') return ranged(type, BigInt(cell));
  return readValue(type, cell);
}

function listIn(text: string): readonly unknown[] {
  try {
    const list = JSON.parse(text) as unknown;
    if (Array.isArray(list)) return list;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new StatementError(routineStates.wrong, 'a function answered what is no array');
}

function outcomeOf({ name, returns }: Routine, [kind, told]: Reply): Outcome {
  const failed = (of: StatementError): Outcome => ({ error: of });
  switch (kind) {
    case 'value':
      try {
        return { value: valueOf(returns, told) };
      } catch (error) {
        if (!(error instanceof StatementError)) throw error;
        return failed(new StatementError(error.sqlstate, `function ${name}: ${error.message}`));
      }
    case 'late':
      return failed(new Overrun(routineStates.late, `function ${name} did not answer within ${routineMs} ms`));
    case 'memory':
      return failed(
        new Overrun(routineStates.memory, `function ${name} took more memory than functions may have (${routineResidentMb} MiB)`),
      );
    default:
      return failed(new StatementError(routineStates[kind], `function ${name}: ${told}`));
  }
}

/**
 * What functions answered in one step. A step computes without waiting: what it does not find here is noted, stands for NULL
 * meanwhile, and is asked for before the step is made anew.
 */
class Calls implements Asking {
  readonly #answering: Answering;
  readonly #called = new Map<string, Called>();
  readonly #columns = new Map<string, AskedColumns[]>();
  #count = 0;
  #length = 0;
  #rows = 0;
  missing = 0;

  constructor(answering: Answering) {
    this.#answering = answering;
  }

  within<T>(work: () => T): T {
    const outer = current;
    current = this;
    try {
      return work();
    } finally {
      current = outer;
    }
  }

  value(definition: string, args: readonly Value[]): Value {
    const called = this.#called.get(definition) ?? { routine: routineOf(definition), known: new Map(), missing: new Map() };
    this.#called.set(definition, called);
    const { routine, known, missing } = called;
    if (routine.strict && args.includes(null)) return null;
    const now = isModel(routine.language) && this.#answering.models.atHand(definition);
    if (now) return valueAt(vectorIn(now(columnsOf(routine, [args]))), 0);
    const name = nameOf(args);
    const found = known.get(name);
    if (found && 'value' in found) return found.value;
    if (found) throw found.error;
    if (missing.has(name)) return null;
    this.#grow(name.length);
    this.missing += 1;
    missing.set(name, args);
    return null;
  }

  /** The answers of a model to columns. */
  vector(definition: string, given: Given): Vector {
    const routine = routineOf(definition);
    if (routine.strict) return this.#strictly(definition, routine, given);
    const now = this.#answering.models.atHand(definition);
    if (now) return vectorIn(now(given));
    const asked = this.#columns.get(definition) ?? [];
    this.#columns.set(definition, asked);
    const known = asked.find((each) => isSame(each.given, given));
    if (known?.scored) return vectorIn(known.scored);
    if (!known) {
      this.#rows += given.size;
      if (this.#rows > networkAskedMax) throw new StatementError(sqlstates.tooComplex, 'models are asked too many rows at once');
      asked.push({ given, scored: undefined });
      this.missing += 1;
    }
    return absent(routine.returns, given.size);
  }

  /** Rows with a NULL among their arguments are NULL. */
  #strictly(definition: string, { returns }: Routine, { columns, size }: Given): Vector {
    const rows: Row[] = [];
    for (let row = 0; row < size; row += 1) {
      const args = columns.map((column) => valueAt(column, row));
      rows.push([this.value(definition, args)]);
    }
    return vectorOf(returns, rows, 0);
  }

  /** Asks for what is missing. */
  async ask(): Promise<void> {
    this.missing = 0;
    const { call, models } = this.#answering;
    for (const [definition, asked] of this.#columns) for (const each of asked) each.scored ??= await models.score(definition, each.given);
    for (const [definition, { routine, known, missing }] of this.#called) {
      const waiting = [...missing];
      missing.clear();
      if (isModel(routine.language)) await this.#askModel(definition, routine, waiting, known);
      else await this.#askRoutine((rows) => call(definition, rows), routine, waiting, known);
    }
  }

  async #askModel(definition: string, routine: Routine, waiting: readonly (readonly [string, Row])[], known: Called['known']) {
    if (waiting.length === 0) return;
    const rows = waiting.map(([, row]) => row);
    const { vector, errors } = await this.#answering.models.score(definition, columnsOf(routine, rows));
    for (const [at, [name]] of waiting.entries()) {
      const error = errors.get(at);
      known.set(name, error ? { error } : { value: valueAt(vector, at) });
    }
  }

  async #askRoutine(call: Bound, routine: Routine, waiting: readonly (readonly [string, Row])[], known: Called['known']) {
    for (let from = 0; from < waiting.length; ) {
      let [end, length] = [from, 0];
      while (end < waiting.length && end - from < routineRowsMax && length < routineBatchLength) length += waiting[end++]?.[0].length ?? 0;
      const rows = waiting.slice(from, end).map(([, args]) => args.map((arg, place) => cellOf(routine.params[place]?.type as Type, arg)));
      const replies = await call(rows);
      for (const [at, reply] of replies.entries()) {
        if (typeof reply[1] === 'string') this.#length += reply[1].length;
        known.set(waiting[from + at]?.[0] ?? '', outcomeOf(routine, reply));
      }
      this.#grow(0);
      if (replies.length < end - from || replies.at(-1)?.[0] === 'late') break;
      from = end;
    }
  }

  #grow(length: number): void {
    this.#length += length;
    this.#count += Math.sign(length);
    if (this.#count > routineCallsMax || this.#length > routineCallsLength)
      throw new StatementError(sqlstates.tooComplex, 'functions are called too often at once');
  }
}

type Bound = (rows: readonly (readonly unknown[])[]) => ReturnType<CallRoutines>;

/** Rows of arguments in columns. */
const columnsOf = ({ params }: Routine, rows: readonly Row[]): Given => ({
  columns: params.map(({ type }, place) => vectorOf(type, rows, place)),
  size: rows.length,
});

/** What a model said; what took too much goes before what failed. */
function vectorIn({ vector, errors }: Scored): Vector {
  if (errors.size > 0) throw [...errors.values()].find((error) => error instanceof Overrun) ?? errors.values().next().value;
  return vector;
}

/** Whether a step that is made anew asks the same as before. */
function isSame(left: Given, right: Given): boolean {
  if (left.size !== right.size) return false;
  return left.columns.every((own, place) => {
    const other = right.columns[place] as Vector;
    if (own.values === other.values && own.nulls === other.nulls) return true;
    for (let row = 0; row < left.size; row += 1) {
      const [a, b] = [valueAt(own, row), valueAt(other, row)];
      if (!Object.is(a, b) && (typeof a !== 'object' || a === null || b === null || nameOf([a]) !== nameOf([b]))) return false;
    }
    return true;
  });
}

let current: Calls | undefined;

/** What generated code calls: the answer of a function, as far as it is known in this step. */
export function callRoutine(definition: string, ...args: Value[]): Value {
  if (!current) throw new StatementError(sqlstates.notBuilt, 'A function in another language than SQL is not supported here yet');
  return current.value(definition, args);
}

/** What generated code calls for the rows of a batch together. */
export function askModel(definition: string, given: Given): Vector {
  if (!current) throw new StatementError(sqlstates.notBuilt, 'A model is not supported here yet');
  return current.vector(definition, given);
}

/** Calls of functions in one step, and of one environment. */
export const callsOf = (answering: Answering): Asking => new Calls(answering);

/** Does what computes without waiting, again until all that functions answer in it is known; `undo` takes an attempt back. */
export const withRoutines = <T>(answering: Answering, work: () => T, undo: () => void = () => undefined): Promise<T> =>
  answered([callsOf(answering)], work, undo);
