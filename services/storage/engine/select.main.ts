import { once } from 'node:events';
import { piecesOf } from '#engine/confined/piece.ts';
import { SelectRefusal } from '../domain/select/refusal.ts';
import { encodeFrame, type SelectFrame } from './select-frame.ts';
import { openInput } from './select-input.ts';
import { runQuery } from './select-query.ts';

/**
 * The process that answers queries, one after the other. It gets orders and the objects' bytes on its input and says frames on
 * its output; it can open no connection, start no process and write nowhere but in memory. It ends with its input.
 */
async function say(frame: SelectFrame): Promise<void> {
  if (!process.stdout.write(encodeFrame(frame))) await once(process.stdout, 'drain');
}

// Whoever asked went away.
process.stdout.on('error', () => process.exit(0));

const pieces = piecesOf(process.stdin);
for (let order = await openInput(pieces); order; order = await openInput(pieces)) {
  try {
    await runQuery(order.job, order.input, say);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    await say({ kind: 'failed', code: error instanceof SelectRefusal ? error.code : 'InternalError', text });
  }
  await order.input.drain();
}
process.exit(0);
