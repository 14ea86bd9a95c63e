type Token = { readonly text: string; readonly start: number; readonly end: number };

const windows = new Set(['tumble', 'hop', 'cumulate', 'session', 'count_window']);

/** Where the parenthesis that opens at `from` closes; -1 where it does not. */
function closing(words: readonly string[], from: number): number {
  for (let at = from, depth = 0; at < words.length; at += 1) {
    if (words[at] === '(') depth += 1;
    if (words[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

/**
 * Writes the standard's `TABLE(TUMBLE(TABLE t [PARTITION BY keys], DESCRIPTOR(time), ...))` as TUMBLE(t, keys, time, ...), in the
 * same room.
 */
export function takeWindows(bytes: Buffer, tokens: readonly Token[]): void {
  const words = tokens.map(({ text }) => text.toLowerCase());
  const clear = (...places: number[]) => {
    for (const at of places) bytes.fill(' ', tokens[at]?.start, tokens[at]?.end);
  };
  for (let at = 0; at + 3 < words.length; at += 1) {
    if (words[at] !== 'table' || words[at + 1] !== '(' || !windows.has(words[at + 2] ?? '') || words[at + 3] !== '(') continue;
    const [outer, inner] = [closing(words, at + 1), closing(words, at + 3)];
    if (outer < 0 || inner !== outer - 1) continue;
    clear(at, at + 1, outer);
    if (words[at + 4] === 'table') clear(at + 4);
    for (let place = at + 5; place < inner; place += 1) {
      if (words[place] === 'descriptor' && words[place + 1] === '(') clear(place, place + 1, closing(words, place + 1));
      if (words[place] !== 'partition' || words[place + 1] !== 'by') continue;
      clear(place, place + 1);
      bytes.write(',', tokens[place]?.start ?? 0);
    }
  }
}
