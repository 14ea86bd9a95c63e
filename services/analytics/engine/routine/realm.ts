/** What the code beside a function knows of it. */
type RealmSpec = {
  /** The types of the parameters and of the answer, by PostgreSQL's short names. */
  readonly params: readonly string[];
  readonly returns: string;
  readonly chunkMs: number;
  readonly textMax: number;
  readonly errorMax: number;
  /** Most elements of an array, and its deepest nesting. */
  readonly itemsMax: number;
  readonly depthMax: number;
};

/** What a function answered: a cell, or why there is none. */
export type Reply = readonly ['value', string | number | boolean | null] | readonly ['threw' | 'wrong' | 'memory', string];

/** How a process calls a function of a realm; nothing but texts and numbers goes in and out. */
export type Port = {
  run: (...args: never[]) => unknown;
  input: string;
  at: number;
  /** Whether it is within a call; what runs behind one was begun by one. */
  isCalling: boolean;
  /** Calls it for rows from `at` on, until all are done or it is time to tell. */
  go(): boolean;
  /** The replies since the last time, as JSON. */
  take(): string;
};

type Teller = { readonly said: (value: unknown) => Reply; readonly failed: (error: unknown) => Reply };

/**
 * The text that makes a realm a place in which the same call has the same answer, and answers its port. Each of the functions
 * below is evaluated within the realm from its own text; so it stands alone and names nothing of this module.
 */
export const furnishing = (spec: RealmSpec): string =>
  `(() => {
    const spec = ${JSON.stringify(spec)};
    const port = (${openPort.toString()})(spec, (${tellerOf.toString()})(spec));
    (${calm.toString()})();
    (${loosen.toString()})();
    (${freezeAll.toString()})();
    return port;
  })()`;

/** Takes clocks, chance, memory of calls before, and whatever reaches out of the language. */
function calm(): void {
  const realm = globalThis as unknown as Record<string, unknown>;
  const own = (of: object, name: string, value: unknown) =>
    Object.defineProperty(of, name, { value, writable: false, enumerable: false, configurable: false });
  const refuse = (what: string) =>
    function () {
      throw new TypeError(`${what} is not the same twice, so a function has none; give it as an argument`);
    };
  const outside = ['WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics', 'WebAssembly', 'Temporal', 'Intl', 'console', 'eval'];
  for (const name of outside) delete realm[name];
  // What the last match was.
  for (const name of Object.getOwnPropertyNames(RegExp))
    if (!['prototype', 'length', 'name', 'escape'].includes(name)) delete (RegExp as never)[name];
  delete (Error as { captureStackTrace?: unknown }).captureStackTrace;
  // Without a number here no stack is written, so nothing of the process is asked to word it.
  own(Error, 'stackTraceLimit', undefined);
  own(Error, 'prepareStackTrace', undefined);
  const local = ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString', 'localeCompare', 'toLocaleLowerCase', 'toLocaleUpperCase'];
  for (const kind of [Date, String, Number, BigInt, Array, Object, Reflect.getPrototypeOf(Int8Array) as unknown as DateConstructor])
    for (const name of [...local, 'toTemporalInstant']) delete (kind.prototype as unknown as Record<string, unknown>)[name];
  const Clock = Date;
  const Told = function (this: unknown, ...args: unknown[]) {
    if (new.target === undefined || args.length === 0) refuse('The time')();
    return Reflect.construct(Clock, args, new.target as never) as unknown;
  };
  own(Told, 'prototype', Clock.prototype);
  own(Clock.prototype, 'constructor', Told);
  own(Told, 'UTC', Clock.UTC);
  own(Told, 'parse', Clock.parse);
  own(Told, 'now', refuse('The time'));
  own(realm, 'Date', Told);
  own(Math, 'random', refuse('Chance'));
}

/** What is frozen can be given anew to an object of one's own only where it is no plain value. */
function loosen(): void {
  const errors = [TypeError, RangeError, SyntaxError, EvalError, ReferenceError, URIError].map(({ prototype }) => prototype);
  const given: readonly (readonly [object, readonly string[]])[] = [
    [Object.prototype, ['constructor', 'toString', 'valueOf', 'hasOwnProperty']],
    [Error.prototype, ['name', 'message', 'toString']],
    ...errors.map((one) => [one, ['name', 'message']] as const),
  ];
  for (const [owner, names] of given)
    for (const name of names) {
      const value = (owner as Record<string, unknown>)[name];
      Object.defineProperty(owner, name, {
        get: () => value,
        set(this: object, to: unknown) {
          if (this === owner || (typeof this !== 'object' && typeof this !== 'function') || this === null)
            throw new TypeError(`${name} of all objects is not to be changed`);
          Object.defineProperty(this, name, { value: to, writable: true, enumerable: true, configurable: true });
        },
        enumerable: false,
        configurable: false,
      });
    }
}

/** Freezes all that code can reach, so that no call leaves anything behind for another. */
function freezeAll(): void {
  const seen = new Set<unknown>();
  const freeze = (of: unknown): void => {
    if ((typeof of !== 'object' && typeof of !== 'function') || of === null || seen.has(of)) return;
    seen.add(of);
    for (const key of Reflect.ownKeys(of)) {
      const { value, get, set } = Reflect.getOwnPropertyDescriptor(of, key) as PropertyDescriptor;
      for (const each of [value, get, set]) freeze(each);
    }
    freeze(Reflect.getPrototypeOf(of));
    Object.freeze(of);
  };
  // Kinds that have no name.
  const hidden = [
    ...[function* () {}, async () => {}, async function* () {}, (function* () {})(), (async function* () {})()],
    ...[[][Symbol.iterator](), new Map().entries(), new Set().values(), ''[Symbol.iterator](), ''.matchAll(/a/g)],
    ...[Iterator.from({ next: () => ({ done: true, value: 0 }) }), [].values().map(() => 0)],
  ];
  for (const each of hidden) freeze(each);
  freeze(globalThis);
}

/** What is told of what a function answers or throws: texts, numbers and booleans alone. */
function tellerOf(spec: RealmSpec): Teller {
  const { returns, textMax, errorMax, itemsMax, depthMax } = spec;
  const { isArray } = Array;
  const ofItems = returns.endsWith('[]') ? tellerOf({ ...spec, returns: returns.slice(0, -2) }) : undefined;
  const cut = (text: string) => (text.length > errorMax ? `${text.slice(0, errorMax)}...` : text);
  const wrong = (what: string): Reply => ['wrong', `answered ${cut(what)}, which is no ${returns}`];
  const whole = ['int2', 'int4', 'int8'];
  const isJson = returns === 'json' || returns === 'jsonb';
  const { stringify } = JSON;
  const text = (value: string): Reply =>
    value.length > textMax ? ['wrong', `answered a text of more than ${textMax} characters`] : ['value', value];
  const number = (value: number): Reply => {
    if (returns === 'numeric') return Number.isFinite(value) ? ['value', String(value)] : wrong(String(value));
    if (returns === 'float8' || returns === 'float4')
      return Number.isFinite(value) ? ['value', Object.is(value, -0) ? '-0' : value] : wrong(String(value));
    if (!whole.includes(returns)) return wrong('a number');
    return Number.isInteger(value) ? ['value', String(BigInt(value))] : wrong(String(value));
  };
  /** What an array has in it, as JSON; a list in a list is a further dimension, but for json. */
  const listed = (value: readonly unknown[], said: Teller['said']): Reply => {
    let refused: Reply | undefined;
    const cells = (list: readonly unknown[], depth: number): unknown[] => {
      const found: unknown[] = [];
      if (depth > depthMax || list.length > itemsMax) refused = wrong('an array that is too large');
      for (let at = 0; at < list.length && !refused; at += 1) {
        const item = list[at];
        if (isArray(item) && !returns.startsWith('json')) {
          found.push(cells(item, depth + 1));
          continue;
        }
        const reply = said(item);
        if (reply[0] === 'value') found.push(reply[1]);
        else refused = reply;
      }
      return found;
    };
    const whole = cells(value, 1);
    return refused ?? text(stringify(whole));
  };
  const said = (value: unknown): Reply => {
    if (ofItems && isArray(value)) return listed(value, ofItems.said);
    if (ofItems && typeof value === 'string') return wrong('a text');
    if (isJson && value !== null && value !== undefined) return text(stringify(value) ?? '');
    switch (typeof value) {
      case 'undefined':
        return ['value', null];
      case 'boolean':
        return returns === 'bool' ? ['value', value] : wrong('a boolean');
      case 'number':
        return number(value);
      case 'bigint':
        if (returns === 'float8' || returns === 'float4') return number(Number(value));
        return [...whole, 'numeric'].includes(returns) ? ['value', String(value)] : wrong('a bigint');
      case 'string':
        return ['bool', 'float4', 'float8', ...whole].includes(returns) ? wrong('a text') : text(value);
      default:
        return value === null ? ['value', null] : wrong(typeof value === 'object' ? 'an object' : `a ${typeof value}`);
    }
  };
  const failed = (error: unknown): Reply => {
    try {
      if ((typeof error !== 'object' && typeof error !== 'function') || error === null) return ['threw', cut(String(error))];
      const { name, message } = error as { name?: unknown; message?: unknown };
      if (typeof message !== 'string') return ['threw', 'it threw an object'];
      if (name === 'RangeError' && /^(Array buffer allocation failed|Invalid (array|string) length)/.test(message)) return ['memory', ''];
      return ['threw', cut(typeof name === 'string' && name !== 'Error' ? `${name}: ${message}` : message)];
    } catch {
      return ['threw', 'it threw what cannot be told'];
    }
  };
  return { said, failed };
}

function openPort({ params, chunkMs, textMax }: RealmSpec, { said, failed }: Teller): Port {
  const { now } = Date;
  const { parse, stringify } = JSON;
  let rows: readonly unknown[][] = [];
  let replies: Reply[] = [];
  let size = 0;
  const readerOf = (type: string): ((cell: unknown) => unknown) => {
    if (type.endsWith('[]')) {
      const read = readerOf(type.slice(0, -2));
      return (cell) => (cell === null ? null : nested(cell as [number[], unknown[]], read));
    }
    if (type === 'int8') return (cell: unknown) => (cell === null ? null : BigInt(cell as string));
    if (type === 'json' || type === 'jsonb') return (cell: unknown) => (cell === null ? null : parse(cell as string));
    return type === 'float8' || type === 'float4'
      ? (cell: unknown) => (typeof cell === 'string' ? Number(cell) : cell)
      : (cell: unknown) => cell;
  };
  const nested = ([sizes, items]: readonly [readonly number[], readonly unknown[]], read: (cell: unknown) => unknown): unknown[] => {
    let at = 0;
    const level = (depth: number): unknown[] => {
      const found: unknown[] = [];
      for (let left = sizes[depth] ?? 0; left > 0; left -= 1) found.push(depth + 1 < sizes.length ? level(depth + 1) : read(items[at++]));
      return found;
    };
    return level(0);
  };
  const readers = params.map(readerOf);
  const replyTo = (row: readonly unknown[]): Reply => {
    const args = row.map((cell, place) => (readers[place] as (cell: unknown) => unknown)(cell));
    port.isCalling = true;
    try {
      // Without `this`, which would be the port.
      return said(Reflect.apply(port.run, undefined, args));
    } catch (error) {
      return failed(error);
    } finally {
      port.isCalling = false;
    }
  };
  const port: Port = {
    run: () => undefined,
    input: '',
    at: 0,
    isCalling: false,
    go() {
      if (port.input !== '') {
        rows = parse(port.input) as unknown[][];
        port.input = '';
        port.at = 0;
      }
      const begun = now();
      while (port.at < rows.length && size <= textMax && now() - begun < chunkMs) {
        const reply = replyTo(rows[port.at] as unknown[]);
        replies.push(reply);
        size += typeof reply[1] === 'string' ? reply[1].length : 1;
        port.at += 1;
      }
      return port.at >= rows.length;
    },
    take() {
      const text = stringify(replies);
      replies = [];
      size = 0;
      return text;
    },
  };
  return port;
}
