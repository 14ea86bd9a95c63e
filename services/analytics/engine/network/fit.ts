import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { Routine } from '../../domain/routine.ts';
import { elementOf, type Type } from '../../domain/value.ts';
import { networkValuesMax } from './limits.ts';
import { type Port, type Signature, type TensorType, tensorTypes } from './order.ts';

/** An input of a network, and the parameters of the function that are its values: one array, or one number each. */
export type Input = Port & { readonly type: TensorType; readonly params: readonly number[]; readonly isArray: boolean };
/** How a function asks a network: what goes in, and which outputs its answer is made of. */
export type Fit = { readonly inputs: readonly Input[]; readonly outputs: readonly Port[] };

const wrong = (message: string) => new StatementError('42P13', message);
const isKnown = (type: string): type is TensorType => (tensorTypes as readonly string[]).includes(type);
export const countOf = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);
/** How many values a row has; undefined where not all sizes are fixed. */
const widthOf = ({ shape }: Port): number | undefined => (shape.slice(1).includes(-1) ? undefined : countOf(shape.slice(1)));

/**
 * How a function asks a network. Parameters are its inputs by their names where all of them are the same, else in order: an
 * array is a whole input, and a number one of its values. Throws StatementError where they do not fit.
 */
export function fitOf({ inputs, outputs }: Signature, { params, returns }: Pick<Routine, 'params' | 'returns'>): Fit {
  const places = inputs.map(({ name }) => params.findIndex((param) => param.name === name));
  const isNamed = inputs.length === params.length && !places.includes(-1) && new Set(places).size === places.length;
  let next = 0;
  const take = (port: Port, at: number): Input => {
    const { name, type, shape } = port;
    if (!isKnown(type)) throw wrong(`the input ${name} is of the type ${type}, which is not served`);
    if (shape.length === 0 || (shape[0] !== -1 && shape[0] !== 1))
      throw wrong(`the input ${name} has ${shape[0] ?? 'no'} rows: its first size is that of rows, which is open or 1`);
    if (shape.slice(1).filter((size) => size === -1).length > 1) throw wrong(`the input ${name} has more than one size that is open`);
    const place = isNamed ? (places[at] as number) : next;
    const first = params[place];
    if (!first) throw wrong(`the network has more values than the function has parameters, which are ${params.length}`);
    const isArray = elementOf(first.type) !== undefined;
    const width = isArray ? 1 : (widthOf(port) ?? (inputs.length === 1 && !isNamed ? params.length : undefined));
    if (width === undefined) throw wrong(`the input ${name} takes any number of values: its parameter is an array`);
    if ((widthOf(port) ?? 0) > networkValuesMax) throw wrong(`the input ${name} has more than ${networkValuesMax} values`);
    if (isNamed && width !== 1) throw wrong(`the input ${name} has ${width} values: its parameter is an array`);
    const own = Array.from({ length: width }, (_, offset) => place + offset);
    next = place + width;
    for (const each of own) check(port, params[each]);
    return { ...port, type, params: own, isArray };
  };
  const taken = inputs.map(take);
  if (!isNamed && next !== params.length)
    throw wrong(`the network has ${next} values of a row, and the function ${params.length} parameters`);
  return { inputs: taken, outputs: outputsFor(outputs, returns) };
}

function check({ name, type }: Port, param: Routine['params'][number] | undefined): void {
  if (!param) throw wrong(`the input ${name} has more values than the function has parameters`);
  const isText = (elementOf(param.type) ?? param.type) === 'text';
  if (isText !== (type === 'string'))
    throw wrong(
      `the input ${name} is of ${type === 'string' ? 'texts' : 'numbers'}, and parameter ${param.name} of the type ${param.type}`,
    );
}

const isFloat = ({ type }: Port): boolean => type.startsWith('float');
const isWhole = ({ type }: Port): boolean => type === 'int64' || type === 'int32';

/** Which outputs an answer of a type is made of: of numbers the last one, behind which converters put shares. */
function outputsFor(outputs: readonly Port[], returns: Type): Port[] {
  const found = ((): Port | undefined => {
    switch (returns) {
      case 'text':
        return outputs.find(({ type }) => type === 'string');
      case 'int4':
      case 'int8':
        return outputs.find((port) => isWhole(port) && (widthOf(port) ?? 1) === 1) ?? outputs.findLast(isFloat);
      default:
        return outputs.findLast(isFloat) ?? outputs.findLast(isWhole);
    }
  })();
  if (returns === 'json' || returns === 'jsonb') {
    const all = outputs.filter(({ type }) => isKnown(type));
    if (all.length > 0) return all;
  } else if (found) {
    const width = widthOf(found);
    if (returns === 'float8' && width !== undefined && width > 2)
      throw wrong(`the network answers ${width} numbers: RETURNS float8[] is all of them, int4 the place of the greatest`);
    return [found];
  }
  const told = outputs.map(({ name, type }) => `${name} (${type})`).join(', ');
  throw wrong(`the network answers nothing that is ${returns}: ${told}`);
}
