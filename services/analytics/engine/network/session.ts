import { env, InferenceSession, Tensor as Given } from 'onnxruntime-web/wasm';
import { networkChunkMs } from './limits.ts';
import { numbersOf, type Port, type Signature, type Tensor, type TensorType, tensorTypes } from './order.ts';

env.wasm.numThreads = 1;
env.wasm.proxy = false;
env.logLevel = 'fatal';

/** Rows that a network is asked together: few, and many. */
const [few, many] = [8, 64];
/** A size of a shape that is not fixed, as the runtime tells it. */
const open = 4_294_967_295;
/** What stands for a size that is not fixed, where a network is tried. */
const triedLength = 6;
/** Whole numbers below these are tried: a network may know few. */
const triedNumbers = [29, 2];

/** A network of one operator, in ONNX. */
const least = 'CAgSADo1CgwKAXgSAXkiBFJlbHUSAWdaEAoBeBILCgkIARIFCgMSAW5iEAoBeRILCgkIARIFCgMSAW5CBAoAEA4=';

/** Makes the runtime ready, so that no network waits for that. */
export async function warm(): Promise<void> {
  await (await Network.read(Buffer.from(least, 'base64'))).close();
}

type Answers = ReadonlyMap<string, Tensor>;

const isKnown = (type: string): type is TensorType => (tensorTypes as readonly string[]).includes(type);

/**
 * A network that was read. A row's answer has to be the same whichever rows it is asked with, because a view takes a row back by
 * the answer that it had; and what computes one row alone adds in another order than what computes several. So rows are asked by
 * eight or by 64, each batch filled up with its last row, where what is tried is answered to the bit alike at each place of
 * both; and else one by one.
 */
export class Network {
  readonly signature: Signature;
  readonly #session: InferenceSession;
  #sizes: readonly number[] = [1];

  private constructor(session: InferenceSession) {
    this.#session = session;
    this.signature = { inputs: portsOf(session.inputMetadata), outputs: portsOf(session.outputMetadata) };
  }

  static async read(file: Uint8Array): Promise<Network> {
    const options = { executionProviders: ['wasm'], graphOptimizationLevel: 'all', logSeverityLevel: 4 } as const;
    const network = new Network(await InferenceSession.create(file, options));
    await network.#try();
    return network;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  /** The rows that are asked next, of so many that are left; a batch of which half is missing is not filled up. */
  next(left: number): number {
    if (this.#sizes.some((size) => size >= left && size <= 2 * left)) return left;
    return Math.min(left, this.#sizes.findLast((size) => size <= left) ?? (this.#sizes[0] as number));
  }

  /** What rows from one on are answered. */
  ask(tensors: readonly Tensor[], from: number, rows: number, outputs: readonly string[]): Promise<Answers> {
    return this.#run(tensors, from, rows, this.#sizes.find((size) => size >= rows) ?? rows, outputs);
  }

  async #run(tensors: readonly Tensor[], from: number, rows: number, size: number, outputs: readonly string[]): Promise<Answers> {
    const feeds = Object.fromEntries(tensors.map((tensor) => [tensor.name, givenOf(tensor, from, rows, size)]));
    const told = await this.#session.run(feeds, [...outputs]);
    return new Map(outputs.map((name) => [name, cutTo(name, told[name] as Given, rows, size)]));
  }

  /** Finds how many rows may be asked together. Time decides only between sizes that are alike. */
  async #try(): Promise<void> {
    const { inputs, outputs } = this.signature;
    if (inputs.some(({ type, shape }) => !isKnown(type) || shape[0] !== -1)) return;
    const names = outputs.filter(({ type }) => isKnown(type)).map(({ name }) => name);
    for (const below of triedNumbers) {
      const found = await this.#alike(
        inputs.map((port) => triedOf(port, many, below)),
        names,
      ).catch(() => undefined);
      if (found) this.#sizes = found;
      if (found) return;
    }
  }

  /** The sizes by which rows of a trial are answered alike. */
  async #alike(tensors: readonly Tensor[], names: readonly string[]): Promise<readonly number[]> {
    const first: Answers[] = [];
    let each = Number.POSITIVE_INFINITY;
    for (let row = 0; row < few; row += 1) {
      const begun = performance.now();
      first.push(await this.#run(tensors, row, 1, few, names));
      // The first ones wait for the runtime to be made.
      each = Math.min(each, performance.now() - begun);
    }
    const isAlike = async (size: number): Promise<boolean> => {
      for (let from = 0; from < few; from += 1) {
        const rows = Math.min(size, many - from);
        const told = await this.#run(tensors, from, rows, size, names);
        // Rows of a trial come again every few.
        for (let row = 0; row < rows; row += 1) if (!isSame(told, row, first[(from + row) % few] as Answers)) return false;
      }
      return true;
    };
    if (!(await isAlike(few))) return [1];
    return (each / few) * many <= networkChunkMs && (await isAlike(many)) ? [few, many] : [few];
  }
}

function portsOf(told: InferenceSession['inputMetadata']): Port[] {
  return told.map((port) =>
    port.isTensor
      ? { name: port.name, type: port.type, shape: port.shape.map((size) => (typeof size === 'number' && size !== open ? size : -1)) }
      : { name: port.name, type: 'another kind', shape: [] },
  );
}

const countOf = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);

/** The values of a batch, whose rest is its last row again. */
function givenOf({ type, sizes, bytes, texts }: Tensor, from: number, rows: number, size: number): Given {
  const width = countOf(sizes);
  const shape = [size, ...sizes];
  if (texts) {
    const own = texts.slice(from * width, (from + rows) * width);
    while (own.length < size * width) own.push(...own.slice(-width));
    return new Given('string', own, shape);
  }
  const all = numbersOf(type, bytes);
  const own = all.slice(from * width, (from + size) * width);
  const made = own.length === size * width ? own : new (own.constructor as Uint8ArrayConstructor)(size * width);
  if (made !== own || rows < size) {
    made.set(all.subarray(from * width, (from + rows) * width) as never);
    const last = all.subarray((from + rows - 1) * width, (from + rows) * width);
    for (let row = rows; row < size; row += 1) made.set(last as never, row * width);
  }
  return new Given(type, made as never, shape);
}

/** What a network answered, but for what filled the batch up. */
function cutTo(name: string, { type, dims, data }: Given, rows: number, size: number): Tensor {
  if (!isKnown(type)) throw new TypeError(`the output ${name} is of the type ${type}`);
  const isOfRows = dims[0] === size;
  // What is said of a batch of one row as a whole is said of the row.
  if (!isOfRows && size !== 1) throw new TypeError(`the output ${name} has not one part for each row`);
  const sizes = isOfRows ? dims.slice(1) : dims;
  const count = rows * countOf(sizes);
  if (Array.isArray(data)) return { name, type, sizes, bytes: new Uint8Array(0), texts: (data as string[]).slice(0, count) };
  const own = (data as Uint8Array).subarray(0, count);
  return { name, type, sizes, bytes: new Uint8Array(own.buffer, own.byteOffset, own.byteLength).slice() };
}

/** Rows that are tried: all of one are other than those of the next, until they come again. */
function triedOf({ name, type, shape }: Port, rows: number, below: number): Tensor {
  const sizes = shape.slice(1).map((size) => (size === -1 ? triedLength : size));
  const width = countOf(sizes);
  const of = (at: number) => Math.floor(at / width) % few;
  const count = rows * width;
  const own = { name, type: type as TensorType, sizes };
  if (type === 'string') return { ...own, bytes: new Uint8Array(0), texts: Array.from({ length: count }, () => '') };
  const values = Array.from({ length: count }, (_, at) =>
    type.startsWith('float') ? Math.sin(of(at) * 31 + (at % width) * 1.7) * (1 + of(at)) : (of(at) * 7 + (at % width) * 3) % below,
  );
  const bytesOf = ({ buffer }: { buffer: ArrayBuffer }) => new Uint8Array(buffer);
  if (type === 'float32') return { ...own, bytes: bytesOf(Float32Array.from(values)) };
  if (type === 'float64') return { ...own, bytes: bytesOf(Float64Array.from(values)) };
  if (type === 'int64') return { ...own, bytes: bytesOf(BigInt64Array.from(values, BigInt)) };
  return { ...own, bytes: bytesOf(type === 'int32' ? Int32Array.from(values) : Uint8Array.from(values)) };
}

/** Whether a row of a batch is answered to the bit as it is alone. */
function isSame(told: Answers, row: number, alone: Answers): boolean {
  return [...alone].every(([name, own]) => {
    const of = told.get(name);
    if (!of || of.sizes.join() !== own.sizes.join()) return false;
    if (own.texts) return own.texts.every((text, at) => text === of.texts?.[row * (own.texts?.length ?? 0) + at]);
    const length = own.bytes.length;
    return Buffer.compare(own.bytes, of.bytes.subarray(row * length, (row + 1) * length)) === 0;
  });
}
