import type { Duplex } from 'node:stream';
import { lingerMs } from './limits.ts';

/**
 * Writes last words and ends. What still comes in is thrown away for a while: closing at once would reset the connection,
 * and a reset overtakes the words.
 */
export function farewell(socket: Duplex, words: Uint8Array, limitMs = lingerMs): void {
  const cut = setTimeout(() => socket.destroy(), limitMs);
  socket.once('close', () => clearTimeout(cut));
  socket.end(words);
  socket.resume();
}
