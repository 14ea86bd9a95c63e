/** A pattern of `like`: the literal parts between its wildcards. One part means that there is no wildcard. */
export type Pattern = readonly string[];

/** Whether the whole text fits, each wildcard standing for any run of characters, also an empty one. */
export function matches(pattern: Pattern, text: string): boolean {
  const first = pattern[0] ?? '';
  if (pattern.length === 1) return text === first;
  const last = pattern[pattern.length - 1] ?? '';
  const end = text.length - last.length;
  if (first.length > end || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  // The leftmost place of each part leaves most room for the parts after it.
  for (let i = 1; i < pattern.length - 1; i++) {
    const part = pattern[i] as string;
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
