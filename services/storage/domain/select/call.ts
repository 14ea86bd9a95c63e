import type { TokenReader } from './reader.ts';
import { SelectRefusal } from './refusal.ts';
import type { Aggregate, CastType, Expression } from './syntax.ts';

const types: Readonly<Record<string, CastType>> = {
  bool: 'boolean',
  boolean: 'boolean',
  int: 'integer',
  integer: 'integer',
  string: 'string',
  varchar: 'string',
  char: 'string',
  float: 'float',
  double: 'float',
  real: 'float',
  decimal: 'decimal',
  numeric: 'decimal',
  timestamp: 'timestamp',
};
const aggregates: readonly Aggregate[] = ['count', 'sum', 'avg', 'min', 'max'];
const parts = ['year', 'month', 'day', 'hour', 'minute', 'second'];

/** Functions of plain arguments, and how many they take. */
const plainCalls: Readonly<Record<string, readonly [least: number, most: number]>> = {
  coalesce: [1, 100],
  nullif: [2, 2],
  char_length: [1, 1],
  character_length: [1, 1],
  lower: [1, 1],
  upper: [1, 1],
  to_string: [2, 2],
  to_timestamp: [1, 1],
  utcnow: [0, 0],
};

/** How what stands in brackets is read: one expression, or a list up to the closing bracket. */
export type Within = { one(reader: TokenReader): Expression; list(reader: TokenReader): Expression[] };

/** Reads a function with its arguments, each in the form that it has. */
export function readCall(reader: TokenReader, within: Within): Expression {
  const name = reader.next().text.toLowerCase();
  reader.expectSign('(');
  const aggregate = aggregates.find((one) => one === name);
  if (aggregate !== undefined) return readAggregate(reader, aggregate, within);
  if (name === 'cast') return readCast(reader, within);
  if (name === 'substring') return readSubstring(reader, within);
  if (name === 'trim') return readTrim(reader, within);
  if (name === 'extract') {
    const word = readPart(reader);
    reader.expectWord('from');
    return { kind: 'call', name, word, inputs: closed(reader, [within.one(reader)]) };
  }
  if (name === 'date_add' || name === 'date_diff') {
    const word = readPart(reader);
    reader.expectSign(',');
    return { kind: 'call', name, word, inputs: counted(name, within.list(reader), 2, 2) };
  }
  const counts = Object.hasOwn(plainCalls, name) ? plainCalls[name] : undefined;
  if (!counts) throw new SelectRefusal('UnsupportedFunction', `Encountered an unsupported SQL function: ${name.slice(0, 100)}.`);
  const inputs = counts[1] === 0 ? closed(reader, []) : within.list(reader);
  return { kind: 'call', name: name === 'character_length' ? 'char_length' : name, inputs: counted(name, inputs, ...counts) };
}

function closed(reader: TokenReader, inputs: Expression[]): Expression[] {
  reader.expectSign(')');
  return inputs;
}

function counted(name: string, inputs: Expression[], least: number, most: number): Expression[] {
  if (inputs.length < least || inputs.length > most)
    throw new SelectRefusal('EvaluatorInvalidArguments', `Incorrect number of arguments in the function call ${name.toUpperCase()}.`);
  return inputs;
}

function readPart(reader: TokenReader): string {
  const word = reader.takeWord(...parts);
  if (word !== undefined) return word;
  if (reader.isWord('timezone_hour') || reader.isWord('timezone_minute'))
    throw new SelectRefusal('UnsupportedFunction', 'Times are kept in UTC; their zone cannot be asked for.');
  throw new SelectRefusal('ParseExpectedDatePart', 'Did not find the expected date part in the SQL expression.');
}

function readAggregate(reader: TokenReader, name: Aggregate, within: Within): Expression {
  if (reader.takeSign('*') !== undefined) {
    if (name !== 'count')
      throw new SelectRefusal('ParseUnsupportedCallWithStar', 'Only COUNT with (*) as a parameter is supported in the SQL expression.');
    reader.expectSign(')');
    return { kind: 'aggregate', name };
  }
  const inputs = within.list(reader);
  if (inputs.length !== 1)
    throw new SelectRefusal(
      'ParseNonUnaryAggregateFunctionCall',
      'Only one argument is supported for aggregate functions in the SQL expression.',
    );
  return { kind: 'aggregate', name, of: inputs[0]! };
}

function readCast(reader: TokenReader, within: Within): Expression {
  const of = within.one(reader);
  reader.expectWord('as');
  const { kind, text } = reader.next();
  const type = kind === 'word' && Object.hasOwn(types, text.toLowerCase()) ? types[text.toLowerCase()] : undefined;
  if (type === undefined) throw new SelectRefusal('ParseExpectedTypeName', 'Did not find the expected type name in the SQL expression.');
  const sizes: number[] = [];
  if (reader.takeSign('(') !== undefined) {
    do {
      const size = reader.next();
      if (size.kind !== 'number' || !/^\d{1,2}$/.test(size.text))
        throw new SelectRefusal('ParseCastArity', 'The size of a type is not valid.');
      sizes.push(Number(size.text));
    } while (reader.takeSign(',') !== undefined);
    reader.expectSign(')');
  }
  reader.expectSign(')');
  const [precision, scale] = sizes;
  const isWrong = sizes.length > 2 || (sizes.length > 0 && type !== 'decimal') || (precision ?? 1) < 1 || (precision ?? 1) > 38;
  if (isWrong || (scale ?? 0) > (precision ?? 38)) throw new SelectRefusal('ParseCastArity', 'The size of a type is not valid.');
  return { kind: 'cast', of, type, ...(precision === undefined ? {} : { precision }), ...(scale === undefined ? {} : { scale }) };
}

/** `SUBSTRING(x FROM 2 FOR 3)` and `SUBSTRING(x, 2, 3)`. */
function readSubstring(reader: TokenReader, within: Within): Expression {
  const inputs = [within.one(reader)];
  const separated = reader.takeWord('from') !== undefined;
  if (!separated) reader.expectSign(',');
  inputs.push(within.one(reader));
  const goesOn = separated ? reader.takeWord('for') : reader.takeSign(',');
  if (goesOn !== undefined) inputs.push(within.one(reader));
  return { kind: 'call', name: 'substring', inputs: closed(reader, inputs) };
}

/** `TRIM([[LEADING | TRAILING | BOTH] [characters] FROM] x)`. */
function readTrim(reader: TokenReader, within: Within): Expression {
  const word = reader.takeWord('leading', 'trailing', 'both');
  const first = word !== undefined && reader.isWord('from') ? undefined : within.one(reader);
  const has = reader.takeWord('from') !== undefined;
  if (word !== undefined && !has) throw reader.unexpected('FROM');
  const inputs = has ? [within.one(reader), ...(first ? [first] : [])] : [first!];
  return { kind: 'call', name: 'trim', word: word ?? 'both', inputs: closed(reader, inputs) };
}
