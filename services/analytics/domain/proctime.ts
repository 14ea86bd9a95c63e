type Token = { readonly text: string; readonly start: number; readonly end: number };

const isName = (text: string | undefined) => text !== undefined && /^(?:[a-z_]\w*|".+")$/i.test(text);
const behind = ['as', 'proctime', '(', ')'];

/** Takes `name AS PROCTIME()` out of the columns of a CREATE SOURCE, whose bytes it overwrites. */
export function takeProctime(bytes: Buffer, tokens: readonly Token[]): string | undefined {
  for (const [at, { text, start, end }] of tokens.entries()) {
    const [before, after] = [tokens[at - 1], tokens[at + 5]];
    const isWhole = (before?.text === '(' || before?.text === ',') && (after?.text === ')' || after?.text === ',');
    if (!isWhole || !isName(text) || !behind.every((word, by) => word === tokens[at + 1 + by]?.text.toLowerCase())) continue;
    // With the comma that parts it from the columns.
    const last = before.text === '(' && after.text === ',' ? after.end : (tokens[at + 4]?.end ?? end);
    bytes.fill(' ', before.text === ',' ? before.start : start, last);
    return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase();
  }
  return undefined;
}
