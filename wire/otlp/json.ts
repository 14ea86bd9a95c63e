import { otlpDepthMax, otlpItemsMax } from './limits.ts';
import { type Field, type Message, OtlpError, type Scalar, type Values } from './message.ts';

type Count = { itemsLeft: number };

/** Holds parsed JSON against a message: what comes out is what `decodeMessage` gives. Unknown fields are passed over. */
export function messageOfJson(message: Message, json: unknown): Values {
  return object(message, json, otlpDepthMax, { itemsLeft: otlpItemsMax });
}

function object(message: Message, json: unknown, depthLeft: number, count: Count): Values {
  if (depthLeft === 0) throw new OtlpError('The message is nested too deeply.');
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new OtlpError('The message is no JSON object.');
  const values: Values = {};
  for (const field of message.fields) {
    const given = Object.hasOwn(json, field.name) ? (json as Values)[field.name] : undefined;
    // proto3 JSON: null is as if the field were absent.
    if (given === undefined || given === null) continue;
    values[field.name] = field.repeated ? list(field, given, depthLeft, count) : value(field, given, depthLeft, count);
  }
  return values;
}

function list(field: Field, given: unknown, depthLeft: number, count: Count): unknown[] {
  if (!Array.isArray(given)) throw wrong(field);
  count.itemsLeft -= given.length;
  if (count.itemsLeft < 0) throw new OtlpError(`The message has more than ${otlpItemsMax} entries.`);
  return given.map((item: unknown) => value(field, item, depthLeft, count));
}

function value(field: Field, given: unknown, depthLeft: number, count: Count): unknown {
  return typeof field.type === 'function' ? object(field.type(), given, depthLeft - 1, count) : scalar(field, field.type, given);
}

const wrong = ({ name }: Field) => new OtlpError(`The field ${name} is not of its type.`);

function scalar(field: Field, type: Scalar, given: unknown): unknown {
  const number = type === 'double' ? double(given) : undefined;
  if (number !== undefined) return number;
  if (type === 'string' && typeof given === 'string') return given;
  if (type === 'bool' && typeof given === 'boolean') return given;
  if (type === 'bytes' && typeof given === 'string') return Buffer.from(given, 'base64');
  // OTLP's own exception from proto3 JSON: ids are hexadecimal, in either case.
  if (type === 'hex' && typeof given === 'string' && /^(?:[0-9a-fA-F]{2})*$/.test(given)) return given.toLowerCase();
  if ((type === 'int32' || type === 'sint32' || type === 'fixed32') && Number.isInteger(given)) return given;
  if (type === 'int64' || type === 'fixed64') return integer(field, given);
  throw wrong(field);
}

/** proto3 JSON writes 64-bit integers as text; numbers are taken too. */
function integer(field: Field, given: unknown): bigint {
  if (typeof given === 'number' && Number.isInteger(given)) return BigInt.asIntN(65, BigInt(given));
  if (typeof given === 'string' && /^-?[0-9]{1,20}$/.test(given)) return BigInt.asIntN(65, BigInt(given));
  throw wrong(field);
}

function double(given: unknown): number | undefined {
  if (typeof given === 'number') return given;
  if (given === 'NaN') return Number.NaN;
  if (given === 'Infinity' || given === '-Infinity') return Number(given);
  return typeof given === 'string' && /^-?[0-9.]+(?:e[+-]?[0-9]+)?$/i.test(given) && Number.isFinite(Number(given))
    ? Number(given)
    : undefined;
}
