import { type Expr, shapeOf } from '../domain/expression.ts';
import { isObject, type Type, type Value } from '../domain/value.ts';
import { isMasked } from './batch.ts';
import { type Coded, codeOf, isPartial, takesNull } from './operation.ts';

/** What code calls the value of an expression, and whether it is NULL; `never` is code for false. */
export type Term = { readonly value: string; readonly isNull: string };

const never = 'false';
/** What stands for a value that is NULL, and is not read: of the type's own kind, so that numbers stay in registers. */
const nothing = (type: Type): string => (isMasked(type) ? '0' : 'null');

/** Where the columns of an expression come from. */
export type Reads = (place: number, type: Type) => Term;

/**
 * Writes code for expressions: statements in the order of evaluation, each value in a constant of its own.
 */
export class Emitter {
  #reads: Reads;
  readonly #constants: Value[];
  readonly #lines: string[] = [];
  #count = 0;
  /** What was computed already, in the blocks that are open. */
  #known: Map<string, Term>[] = [new Map()];

  /** `constants` are those of the whole function: `k` in its code. */
  constructor(reads: Reads, constants: Value[]) {
    this.#reads = reads;
    this.#constants = constants;
  }

  /** What follows reads its columns from elsewhere. */
  read(reads: Reads): void {
    this.#reads = reads;
    this.#known = [new Map()];
  }

  /** What follows stands in a block of its own, until `leave`. */
  enter(): void {
    this.#known.push(new Map());
  }

  leave(blocks = 1): void {
    this.#known.length -= blocks;
  }

  /** What follows reads columns from a place on by these names; they are never NULL. */
  readBeyond(width: number, names: readonly string[]): void {
    const below = this.#reads;
    this.read((place, type) => (place < width ? below(place, type) : { value: names[place - width] ?? '', isNull: never }));
  }

  /** The statements so far; what follows begins anew. */
  take(): string {
    this.#known = [new Map()];
    return this.#lines.splice(0).join('\n');
  }

  line(text: string): void {
    this.#lines.push(text);
  }

  name(prefix = 'v'): string {
    this.#count += 1;
    return `${prefix}${this.#count}`;
  }

  term(expr: Expr): Term {
    switch (expr.kind) {
      case 'column':
        return this.#reads(expr.place, expr.type);
      case 'constant':
        return expr.value === null ? { value: 'null', isNull: 'true' } : { value: this.#constant(expr.value), isNull: never };
      case 'parameter':
        return this.#named(`p[${expr.place}]`);
      case 'call': {
        const shape = shapeOf(expr);
        const known = this.#known.findLast((block) => block.has(shape))?.get(shape);
        if (known) return known;
        const term =
          expr.operation === 'routine'
            ? this.#given(expr.args, (given) => `r.routine(${given.join(', ')})`)
            : takesNull(expr.operation)
              ? this.#given(expr.args, codeOf(expr.operation))
              : this.#call(expr.operation, expr.args, expr.type);
        this.#known.at(-1)?.set(shape, term);
        return term;
      }
      case 'isNull': {
        const { isNull } = this.term(expr.args[0]);
        return { value: isNull, isNull: never };
      }
      case 'same':
        return this.#same(expr.args);
      case 'and':
      case 'or':
        return this.#logic(expr.args, expr.kind === 'or');
      case 'case':
        return this.#case(expr.args, expr.type);
    }
  }

  /** A value that holds or does not: NULL does not. */
  condition(expr: Expr): string {
    const { value, isNull } = this.term(expr);
    return isNull === never ? value : isNull === 'true' ? 'false' : `(!${isNull} && ${value})`;
  }

  #constant(value: Exclude<Value, null>): string {
    // Small numbers stand in the code, where they make it fast; whatever has text in it does not.
    if (typeof value === 'boolean') return String(value);
    if (typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)) return value < 0 ? `(${value})` : String(value);
    const known = this.#constants.indexOf(value);
    return `k[${known >= 0 ? known : this.#constants.push(value) - 1}]`;
  }

  #named(code: string): Term {
    const value = this.name();
    this.line(`const ${value} = ${code};`);
    return { value, isNull: `(${value} === null)` };
  }

  #call(operation: string, args: readonly Expr[], type: Type): Term {
    const terms = args.map((arg) => this.term(arg));
    const code = codeOf(operation)(terms.map(({ value }) => value));
    const nulls = [...new Set(terms.map(({ isNull }) => isNull).filter((each) => each !== never))];
    const value = this.name();
    if (isPartial(operation)) {
      this.line(`const ${value} = ${nulls.length === 0 ? code : `${nulls.join(' || ')} ? null : ${code}`};`);
      return { value, isNull: `(${value} === null)` };
    }
    if (nulls.length === 0) {
      this.line(`const ${value} = ${code};`);
      return { value, isNull: never };
    }
    const isNull = this.name('q');
    this.line(`const ${isNull} = ${nulls.join(' || ')};`);
    this.line(`const ${value} = ${isNull} ? ${nothing(type)} : ${code};`);
    return { value, isNull };
  }

  /** What is given NULL too. */
  #given(args: readonly Expr[], code: Coded): Term {
    const given = args.map((arg) => {
      const { value, isNull } = this.term(arg);
      return isNull === never ? value : isNull === 'true' ? 'null' : `(${isNull} ? null : ${value})`;
    });
    return this.#named(code(given));
  }

  #same([left, right]: readonly [Expr, Expr]): Term {
    const [a, b] = [this.term(left), this.term(right)];
    const value = this.name();
    const equal = codeOf(`=:${left.type},${right.type}`)([a.value, b.value]);
    this.line(`const ${value} = ${a.isNull} || ${b.isNull} ? ${a.isNull} === ${b.isNull} : ${equal};`);
    return { value, isNull: never };
  }

  /** The three-valued AND, OR: what is behind a part that decides is not evaluated. */
  #logic(args: readonly Expr[], decides: boolean): Term {
    const [value, isNull] = [this.name(), this.name('q')];
    this.line(`let ${value} = ${!decides}, ${isNull} = false;`);
    args.forEach((arg, at) => {
      if (at > 0) {
        this.line(`if (${isNull} || ${value} === ${!decides}) {`);
        this.enter();
      }
      const part = this.term(arg);
      if (part.isNull === never) this.line(`if (${part.value} === ${decides}) { ${value} = ${decides}; ${isNull} = false; }`);
      else
        this.line(
          `if (${part.isNull}) ${isNull} = true; else if (${part.value} === ${decides}) { ${value} = ${decides}; ${isNull} = false; }`,
        );
    });
    this.line('}'.repeat(Math.max(0, args.length - 1)));
    this.leave(Math.max(0, args.length - 1));
    return { value, isNull };
  }

  #case(args: readonly Expr[], type: Type): Term {
    const [value, isNull] = [this.name(), this.name('q')];
    this.line(`let ${value} = ${nothing(type)}, ${isNull} = true;`);
    const found = (expr: Expr) => {
      const term = this.term(expr);
      if (term.isNull === 'true') this.line(`${isNull} = true;`);
      else this.line(`${value} = ${term.value}; ${isNull} = ${term.isNull};`);
    };
    const pairs = (args.length - 1) / 2;
    for (let at = 0; at < pairs; at += 1) {
      const condition = this.condition(args[at * 2] as Expr);
      this.line(`if (${condition}) {`);
      this.enter();
      found(args[at * 2 + 1] as Expr);
      this.line('} else {');
      this.leave();
      this.enter();
    }
    found(args.at(-1) as Expr);
    this.line('}'.repeat(pairs));
    this.leave(pairs);
    return { value, isNull };
  }
}

/** Columns of a batch: `c0` and on are their values, `n0` and on their masks, `i` is the row. */
export const batchReads: Reads = (place, type) =>
  isMasked(type)
    ? { value: `c${place}[i]`, isNull: `(n${place} !== undefined && n${place}[i] === 1)` }
    : { value: `c${place}[i]`, isNull: `(c${place}[i] === null)` };

/** The declarations that `batchReads` stands on. */
export const batchColumns = (places: Iterable<number>): string =>
  [...places].map((place) => `const c${place} = b.columns[${place}].values, n${place} = b.columns[${place}].nulls;`).join('\n');

/** Values of a row that is an array, from two rows where the first one's width is given. */
export const rowReads =
  (left: string, width = Number.POSITIVE_INFINITY, right = ''): Reads =>
  (place) => {
    const value = place < width ? `${left}[${place}]` : `${right}[${place - width}]`;
    return { value, isNull: `(${value} === null)` };
  };

/** Code that answers the text under which equal keys are found; equal columns of one type give equal texts. */
export function keyCode(terms: readonly Term[], types: readonly Type[]): string {
  const [first] = terms;
  if (terms.length === 1 && first)
    return first.isNull === never ? single(first.value, types[0]) : `(${first.isNull} ? null : ${single(first.value, types[0])})`;
  if (terms.length === 0) return "''";
  return terms.map(({ value, isNull }) => (isNull === never ? `r.keyOf(${value})` : `(${isNull} ? '~' : r.keyOf(${value}))`)).join(' + ');
}

/** A single key of most types is its own text. */
const single = (value: string, type: Type | undefined): string => (isOwnKey(type) ? value : `r.keyOf(${value})`);

/** Whether values of a type are told apart by themselves. */
export const isOwnKey = (type: Type | undefined): boolean => type === undefined || !isObject(type);
