import { once } from 'node:events';
import { encodePiece, piecesOf } from '#engine/confined/piece.ts';
import { networkErrorMax } from './limits.ts';
import { type Order, packed, type Said, unpacked } from './order.ts';
import { Network, warm } from './session.ts';

/** The process in which networks of one environment are asked: it has their files and the rows, and opens nothing. */
const networks = new Map<string, Network>();

async function say(said: Said): Promise<void> {
  if (!process.stdout.write(encodePiece(packed(said)))) await once(process.stdout, 'drain');
}

const told = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, networkErrorMax);

/** Whether the runtime ended itself, which it does where it gets no more memory. */
const isOver = (error: unknown): boolean => error instanceof WebAssembly.RuntimeError || /abort|bad_alloc|out of memory/i.test(told(error));

async function load({ network: name, forgotten }: Extract<Order, { kind: 'load' }>, file: Uint8Array): Promise<void> {
  for (const other of forgotten) {
    await networks.get(other)?.close();
    networks.delete(other);
  }
  const network = await Network.read(file);
  networks.set(name, network);
  await say({ kind: 'loaded', signature: network.signature, tensors: [] });
}

async function ask({ network: name, rows, outputs, tensors }: Extract<Order, { kind: 'ask' }>): Promise<void> {
  const network = networks.get(name);
  if (!network) throw new TypeError('a network that was not read');
  for (let from = 0; from < rows; ) {
    const size = network.next(rows - from);
    const isLast = from + size === rows;
    try {
      const answers = await network.ask(tensors, from, size, outputs);
      await say({ kind: 'answers', rows: size, isDone: isLast, tensors: [...answers.values()] });
    } catch (error) {
      if (isOver(error)) throw error;
      await one(network, { rows: size, from, outputs, tensors, isLast }, error);
    }
    from += size;
  }
}

type Few = Pick<Extract<Order, { kind: 'ask' }>, 'rows' | 'outputs' | 'tensors'> & { readonly from: number; readonly isLast: boolean };

/** Finds by asking one by one which rows of a batch it was that failed. */
async function one(network: Network, { rows, from, outputs, tensors, isLast }: Few, all: unknown): Promise<void> {
  for (let row = 0; row < rows; row += 1) {
    const isDone = isLast && row === rows - 1;
    try {
      if (rows === 1) throw all;
      const answers = await network.ask(tensors, from + row, 1, outputs);
      await say({ kind: 'answers', rows: 1, isDone, tensors: [...answers.values()] });
    } catch (error) {
      if (isOver(error)) throw error;
      await say({ kind: 'failed', message: told(error), isDone, tensors: [] });
    }
  }
}

process.stdout.on('error', () => process.exit(0));
// Whoever came here in spite of all finds no way to other processes.
for (const name of ['kill', '_kill', '_debugProcess', '_debugEnd', 'binding', 'dlopen', 'getBuiltinModule', 'abort', 'chdir'])
  Reflect.deleteProperty(process, name);

await warm();
await say({ kind: 'ready', tensors: [] });
const pieces = piecesOf(process.stdin);
for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
  const order = unpacked<Order>(next.value);
  if (order.kind === 'ask') await ask(order);
  else
    try {
      await load(order, new Uint8Array((await pieces.next()).value as Buffer));
    } catch (error) {
      if (isOver(error)) throw error;
      await say({ kind: 'failed', message: told(error), isDone: true, tensors: [] });
    }
}
process.exit(0);
