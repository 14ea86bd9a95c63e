import { ModelError } from './tree.ts';

/** A message of Protocol Buffers: what stands under each number, in its order; bytes are parts of those that were read. */
export type Message = ReadonlyMap<number, readonly (Uint8Array | number)[]>;

/** An operator of a graph, with what it is told. */
export type OnnxNode = {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly numbers: (name: string) => number[];
  readonly text: (name: string) => string | undefined;
  readonly texts: (name: string) => string[];
};
/** A graph that takes rows of so many numbers by one name. */
export type OnnxGraph = { readonly input: string; readonly width: number; readonly nodes: readonly OnnxNode[] };

const utf8 = new TextDecoder();
const cut = () => new ModelError('a file that is cut');

function varint(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0n;
  for (let shift = 0n, next = at; shift < 70n; shift += 7n, next += 1) {
    const byte = bytes[next];
    if (byte === undefined) throw cut();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [Number(BigInt.asIntN(64, value)), next + 1];
  }
  throw cut();
}

/** Reads a message; fields of four bytes are numbers of single precision, which is what a file of ONNX has there. */
export function messageOf(bytes: Uint8Array): Message {
  const found = new Map<number, (Uint8Array | number)[]>();
  for (let at = 0; at < bytes.length; ) {
    const [tag, begin] = varint(bytes, at);
    const [field, wire] = [Math.floor(tag / 8), tag & 7];
    let value: Uint8Array | number;
    let length = wire === 1 ? 8 : wire === 5 ? 4 : 0;
    at = begin;
    if (wire === 2) [length, at] = varint(bytes, at);
    if (length < 0 || at + length > bytes.length) throw cut();
    if (wire === 0) [value, at] = varint(bytes, at);
    else if (wire === 2 || wire === 1 || wire === 5) {
      value = bytes.subarray(at, at + length);
      if (wire === 5) value = new DataView(bytes.buffer, bytes.byteOffset + at, length).getFloat32(0, true);
      at += length;
    } else throw new ModelError('no file of ONNX');
    const known = found.get(field);
    if (known) known.push(value);
    else found.set(field, [value]);
  }
  return found;
}

export const allIn = (message: Message, field: number): Uint8Array[] =>
  (message.get(field) ?? []).filter((each) => typeof each !== 'number');
const first = (message: Message | undefined, field: number): Message | undefined => {
  const [bytes] = message ? allIn(message, field) : [];
  return bytes && messageOf(bytes);
};
export const textIn = (message: Message, field: number): string => utf8.decode(allIn(message, field)[0] ?? new Uint8Array(0));
export const numberIn = (message: Message | undefined, field: number): number | undefined =>
  message?.get(field)?.find((each): each is number => typeof each === 'number');

function written(value: number): number[] {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return [...bytes, Number(left)];
}

/** A message of whole numbers and of bytes, as `messageOf` reads it; there is no number of single precision in it. */
export function writtenMessage(message: Message): Uint8Array {
  return Buffer.concat(
    [...message].flatMap(([field, values]) =>
      values.flatMap((value) =>
        typeof value === 'number'
          ? [Uint8Array.from([...written(field * 8), ...written(value)])]
          : [Uint8Array.from([...written(field * 8 + 2), ...written(value.length)]), value],
      ),
    ),
  );
}

/** Numbers that stand one by one or packed: those of single precision are 7 in an attribute, whole ones 8. */
function numbersIn(message: Message, field: number, isWhole: boolean): number[] {
  return (message.get(field) ?? []).flatMap((each) => {
    if (typeof each === 'number') return [each];
    if (!isWhole) {
      const view = new DataView(each.buffer, each.byteOffset, each.length);
      return Array.from({ length: each.length >> 2 }, (_, at) => view.getFloat32(at * 4, true));
    }
    const found: number[] = [];
    for (let at = 0; at < each.length; ) {
      const [value, next] = varint(each, at);
      found.push(value);
      at = next;
    }
    return found;
  });
}

function nodeOf(bytes: Uint8Array): OnnxNode {
  const message = messageOf(bytes);
  const attributes = new Map(allIn(message, 5).map((each) => [textIn(messageOf(each), 1), messageOf(each)]));
  return {
    type: textIn(message, 4),
    inputs: allIn(message, 1).map((each) => utf8.decode(each)),
    outputs: allIn(message, 2).map((each) => utf8.decode(each)),
    numbers(name) {
      const own = attributes.get(name);
      if (!own) return [];
      const found = [...numbersIn(own, 7, false), ...numbersIn(own, 8, true)];
      const single = numberIn(own, 2) ?? numberIn(own, 3);
      return found.length === 0 && single !== undefined ? [single] : found;
    },
    text: (name) => {
      const own = attributes.get(name);
      return own && own.has(4) ? textIn(own, 4) : undefined;
    },
    texts: (name) => {
      const own = attributes.get(name);
      return own ? allIn(own, 9).map((each) => utf8.decode(each)) : [];
    },
  };
}

/** Reads a file of ONNX (onnx.proto: ModelProto) whose graph takes one table of numbers. Throws ModelError. */
export function readOnnxGraph(file: Uint8Array): OnnxGraph {
  const graph = first(messageOf(file), 7);
  if (!graph) throw new ModelError('no file of ONNX');
  const inputs = allIn(graph, 11).map(messageOf);
  const [only, ...more] = inputs;
  if (!only || more.length > 0) throw new ModelError(`a graph of ${inputs.length} inputs, where one table of numbers is served`);
  const tensor = first(first(only, 2), 1);
  const shape = first(tensor, 2);
  const dimensions = shape ? allIn(shape, 1).map(messageOf) : [];
  const width = numberIn(dimensions[1], 1);
  if (dimensions.length !== 2 || width === undefined || width < 1)
    throw new ModelError('the input of the graph has no known number of columns');
  // 1 is single precision, 11 double.
  if (![1, 11].includes(numberIn(tensor, 1) ?? 0)) throw new ModelError('the input of the graph is no table of floating numbers');
  return { input: textIn(only, 1), width, nodes: allIn(graph, 1).map(nodeOf) };
}
