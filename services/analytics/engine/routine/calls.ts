import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import { Overrun, type Routine, routineOf, routineStates } from '../../domain/routine.ts';
import { listOfJson } from '../../domain/json-list.ts';
import { castValue } from '../../domain/cast.ts';
import { elementOf, isList, isTuple, type List, keyOf, printValue, ranged, readValue, type Type, type Value } from '../../domain/value.ts';
import {
  routineBatchLength,
  routineCallsLength,
  routineCallsMax,
  routineMs,
  routineResidentMb,
  routineRoundsMax,
  routineRowsMax,
} from './limits.ts';
import type { CallRoutines, Reply } from './pool.ts';

type Outcome = { readonly value: Value } | { readonly error: StatementError };
type Called = { readonly routine: Routine; readonly known: Map<string, Outcome>; readonly missing: Map<string, readonly unknown[]> };

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
class Calls {
  readonly #called = new Map<string, Called>();
  #count = 0;
  #length = 0;
  missing = 0;

  value(definition: string, args: readonly Value[]): Value {
    const called = this.#called.get(definition) ?? { routine: routineOf(definition), known: new Map(), missing: new Map() };
    this.#called.set(definition, called);
    const { routine, known, missing } = called;
    if (routine.strict && args.includes(null)) return null;
    const name = nameOf(args);
    const found = known.get(name);
    if (found && 'value' in found) return found.value;
    if (found) throw found.error;
    if (missing.has(name)) return null;
    this.#grow(name.length);
    this.missing += 1;
    missing.set(
      name,
      args.map((arg, place) => cellOf(routine.params[place]?.type as Type, arg)),
    );
    return null;
  }

  /** Asks for what is missing. */
  async ask(call: CallRoutines): Promise<void> {
    this.missing = 0;
    for (const [definition, { routine, known, missing }] of this.#called) {
      const waiting = [...missing];
      missing.clear();
      for (let from = 0; from < waiting.length; ) {
        let [end, length] = [from, 0];
        while (end < waiting.length && end - from < routineRowsMax && length < routineBatchLength)
          length += waiting[end++]?.[0].length ?? 0;
        const replies = await call(
          definition,
          waiting.slice(from, end).map(([, row]) => row),
        );
        for (const [at, reply] of replies.entries()) {
          if (typeof reply[1] === 'string') this.#length += reply[1].length;
          known.set(waiting[from + at]?.[0] ?? '', outcomeOf(routine, reply));
        }
        this.#grow(0);
        if (replies.length < end - from || replies.at(-1)?.[0] === 'late') break;
        from = end;
      }
    }
  }

  #grow(length: number): void {
    this.#length += length;
    this.#count += Math.sign(length);
    if (this.#count > routineCallsMax || this.#length > routineCallsLength)
      throw new StatementError(sqlstates.tooComplex, 'functions are called too often at once');
  }
}

let current: Calls | undefined;

/** What generated code calls: the answer of a function, as far as it is known in this step. */
export function callRoutine(definition: string, ...args: Value[]): Value {
  if (!current) throw new StatementError(sqlstates.notBuilt, 'A function in another language than SQL is not supported here yet');
  return current.value(definition, args);
}

function attempted<T>(calls: Calls, work: () => T): { readonly made: T } | { readonly error: unknown } {
  const outer = current;
  current = calls;
  try {
    return { made: work() };
  } catch (error) {
    return { error };
  } finally {
    current = outer;
  }
}

/** Does what computes without waiting, again until all that functions answer in it is known; `undo` takes an attempt back. */
export async function withRoutines<T>(call: CallRoutines, work: () => T, undo: () => void = () => undefined): Promise<T> {
  const calls = new Calls();
  for (let round = 0; ; round += 1) {
    const found = attempted(calls, work);
    if (calls.missing === 0) {
      if ('made' in found) return found.made;
      throw found.error;
    }
    undo();
    if (round >= routineRoundsMax)
      throw new StatementError(sqlstates.tooComplex, 'functions are called with what others answer too deeply');
    await calls.ask(call);
  }
}
