import { pieceHeadBytes } from '#engine/confined/limits.ts';

/** Types of tensors that go in and come out. */
export const tensorTypes = ['float32', 'float64', 'int64', 'int32', 'uint8', 'bool', 'string'] as const;
export type TensorType = (typeof tensorTypes)[number];

/** An input or output of a network: sizes that are not fixed are -1; the first one is that of rows. */
export type Port = { readonly name: string; readonly type: string; readonly shape: readonly number[] };
export type Signature = { readonly inputs: readonly Port[]; readonly outputs: readonly Port[] };

/** Values of a tensor for rows that stand one after the other; texts lie beside the bytes. `sizes` are those of one row. */
export type Tensor = {
  readonly name: string;
  readonly type: TensorType;
  readonly sizes: readonly number[];
  readonly bytes: Uint8Array;
  readonly texts?: readonly string[];
};

/** Some rows of a tensor of so many. */
export function slicedTensor(tensor: Tensor, rows: number, from: number, to: number): Tensor {
  const [bytes, texts] = [tensor.bytes.length / rows, (tensor.texts?.length ?? 0) / rows];
  const own = { ...tensor, bytes: tensor.bytes.subarray(from * bytes, to * bytes) };
  return tensor.texts ? { ...own, texts: tensor.texts.slice(from * texts, to * texts) } : own;
}

/** What the process is told: to read the network whose file follows, in the place of others, or to ask it for rows. */
export type Order =
  | { readonly kind: 'load'; readonly network: string; readonly forgotten: readonly string[]; readonly tensors: readonly [] }
  | {
      readonly kind: 'ask';
      readonly network: string;
      readonly rows: number;
      readonly outputs: readonly string[];
      readonly tensors: readonly Tensor[];
    };

/** What it says: that it is ready, what a network looks like, or the answers to the rows that come next. */
export type Said =
  | { readonly kind: 'ready'; readonly tensors: readonly [] }
  | { readonly kind: 'loaded'; readonly signature: Signature; readonly tensors: readonly [] }
  /** Of a network, or of the one row that comes next. */
  | { readonly kind: 'failed'; readonly message: string; readonly isDone: boolean; readonly tensors: readonly [] }
  | { readonly kind: 'answers'; readonly rows: number; readonly isDone: boolean; readonly tensors: readonly Tensor[] };

/** Numbers of a tensor begin at multiples of their width. */
const aligned = (at: number): number => Math.ceil(at / 8) * 8;

/** Something said, with its tensors behind it. */
export function packed(said: Order | Said): Buffer {
  const head = Buffer.from(
    JSON.stringify({ ...said, tensors: said.tensors.map((tensor) => ({ ...tensor, bytes: tensor.bytes.byteLength })) }),
  );
  let end = aligned(pieceHeadBytes + head.length);
  const places = said.tensors.map(({ bytes }) => {
    const own = end;
    end = aligned(end + bytes.byteLength);
    return own;
  });
  const whole = Buffer.alloc(end);
  whole.writeUInt32BE(head.length);
  whole.set(head, pieceHeadBytes);
  for (const [at, { bytes }] of said.tensors.entries()) whole.set(bytes, places[at]);
  return whole;
}

/** What was said. Throws RangeError or SyntaxError where it is nothing. */
export function unpacked<T extends Order | Said>(piece: Uint8Array): T {
  // Of its own, so that numbers in it lie at multiples of their width.
  const bytes = new Uint8Array(piece);
  const length = new DataView(bytes.buffer).getUint32(0);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(pieceHeadBytes, pieceHeadBytes + length))) as T;
  let at = aligned(pieceHeadBytes + length);
  const tensors = (head.tensors as unknown as readonly (Omit<Tensor, 'bytes'> & { bytes: number })[]).map((tensor) => {
    const own = bytes.subarray(at, at + tensor.bytes);
    if (own.length !== tensor.bytes) throw new RangeError('a piece that is cut');
    at = aligned(at + tensor.bytes);
    return { ...tensor, bytes: own };
  });
  return { ...head, tensors } as T;
}

/** The numbers in the bytes of a tensor; int64 are BigInts, and truth values bytes. */
export function numbersOf(type: TensorType, { buffer, byteOffset, byteLength }: Uint8Array) {
  switch (type) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'float64':
      return new Float64Array(buffer, byteOffset, byteLength / 8);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, byteLength / 8);
    case 'int32':
      return new Int32Array(buffer, byteOffset, byteLength / 4);
    default:
      return new Uint8Array(buffer, byteOffset, byteLength);
  }
}
