import { SelectRefusal } from './refusal.ts';
import type { Expression } from './syntax.ts';
import { alike, compare, isNull, literal, numberOf, textOf, timestampOf, type Value } from './value.ts';

type Call = Extract<Expression, { kind: 'call' }>;
export type Compile = (expression: Expression) => Value;

/** The time that UTCNOW tells, the same through all of a query. */
export type Clock = { readonly now: number };

/** SQL of a function. */
export function compileCall({ name, word, inputs }: Call, compile: Compile, { now }: Clock): Value {
  const values = name === 'to_string' ? [compile(inputs[0]!)] : inputs.map(compile);
  const [first, second, third] = values;
  const string = (sql: string): Value => ({ sql, type: 'string' });
  switch (name) {
    case 'coalesce':
      return coalesce(values);
    case 'nullif':
      return { sql: `(CASE WHEN ${compare('=', first!, second!)} THEN NULL ELSE ${first!.sql} END)`, type: first!.type };
    case 'char_length':
      return { sql: `length(${textOf(first!)})`, type: 'number' };
    case 'lower':
    case 'upper':
      return string(`${name}(${textOf(first!)})`);
    case 'substring':
      return string(substring(first!, second!, third));
    case 'trim': {
      const which = word === 'leading' ? 'ltrim' : word === 'trailing' ? 'rtrim' : 'trim';
      return string(`${which}(${textOf(first!)}, ${second ? textOf(second) : "' '"})`);
    }
    case 'to_timestamp':
      return { sql: timestampOf(first!), type: 'timestamp' };
    case 'to_string':
      return string(`strftime(${timestampOf(first!)}, ${literal(patternOf(inputs[1]!))})`);
    case 'utcnow':
      return { sql: `make_timestamptz(${now * 1000})`, type: 'timestamp' };
    case 'extract':
      return { sql: `date_part('${word}', ${timestampOf(first!)})`, type: 'number' };
    case 'date_add':
      return { sql: `(${timestampOf(second!)} + to_${word}s(CAST(${numberOf(first!)} AS INTEGER)))`, type: 'timestamp' };
    default:
      return { sql: `date_sub('${word}', ${timestampOf(first!)}, ${timestampOf(second!)})`, type: 'number' };
  }
}

function coalesce(values: readonly Value[]): Value {
  const present = values.map((value): Value => {
    return value.type === 'json' ? { sql: `(CASE WHEN ${isNull(value)} THEN NULL ELSE ${value.sql} END)`, type: 'json' } : value;
  });
  const { sqls, type } = alike(present);
  return { sql: `coalesce(${sqls.join(', ')})`, type };
}

/** SQL's own rule: places before the first one count as length, so that `SUBSTRING('abc' FROM 0 FOR 2)` is `a`. */
function substring(of: Value, from: Value, length: Value | undefined): string {
  const start = `CAST(${numberOf(from)} AS BIGINT)`;
  if (!length) return `substring(${textOf(of)}, greatest(${start}, 1))`;
  const end = `${start} + CAST(${numberOf(length)} AS BIGINT)`;
  return `substring(${textOf(of)}, greatest(${start}, 1), greatest(${end} - greatest(${start}, 1), 0))`;
}

/** Marks of patterns of times, and what the engine calls them; times are UTC. */
const marks: Readonly<Record<string, string>> = {
  y: '%-Y',
  yy: '%y',
  yyyy: '%Y',
  M: '%-m',
  MM: '%m',
  MMM: '%b',
  MMMM: '%B',
  d: '%-d',
  dd: '%d',
  a: '%p',
  h: '%-I',
  hh: '%I',
  H: '%-H',
  HH: '%H',
  m: '%-M',
  mm: '%M',
  s: '%-S',
  ss: '%S',
  SSS: '%g',
  SSSSSS: '%f',
  n: '%n',
  X: 'Z',
  XX: 'Z',
  ['X'.repeat(3)]: 'Z',
  x: '+00',
  xx: '+0000',
  xxx: '+00:00',
};

function patternOf(pattern: Expression): string {
  if (pattern.kind !== 'text') throw wrongPattern('The pattern of TO_STRING must be a literal.');
  return pattern.text.replace(/'([^']*)'|([A-Za-z])\2*|%/g, (met, quoted: string | undefined) => {
    if (quoted !== undefined) return quoted.replaceAll('%', '%%');
    if (met === '%') return '%%';
    const mark = Object.hasOwn(marks, met) ? marks[met] : undefined;
    if (mark === undefined) throw wrongPattern(`The pattern of TO_STRING holds an unknown mark: ${met.slice(0, 20)}.`);
    return mark;
  });
}

const wrongPattern = (text: string) => new SelectRefusal('EvaluatorInvalidTimestampFormatPattern', text);
