/** Where a page of ListObjectsV2 goes on: behind a key, or behind everything under a common prefix. */
export type Position = { readonly key: string } | { readonly prefix: string };

/** Writes a position as the opaque text that clients hand back. */
export function writeToken(position: Position): string {
  return Buffer.from('prefix' in position ? `p${position.prefix}` : `k${position.key}`, 'utf8').toString('base64url');
}

/** Reads a token; undefined when it is none of ours. */
export function readToken(token: string): Position | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(token)) return undefined;
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (Buffer.from(text, 'utf8').toString('base64url') !== token || text.length < 2) return undefined;
  if (text.startsWith('p')) return { prefix: text.slice(1) };
  return text.startsWith('k') ? { key: text.slice(1) } : undefined;
}
