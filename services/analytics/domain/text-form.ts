import { StatementError } from '#engine/pgwire/statement-error.ts';

/** The one text that a uuid has; undefined where it is none. */
export function readUuid(text: string): string | undefined {
  const plain = text.trim().toLowerCase();
  const digits = (/^\{.*\}$/.test(plain) ? plain.slice(1, -1) : plain).replace(/^([0-9a-f]{4}(?:-?[0-9a-f]{4}){7})$/, (all) =>
    all.replaceAll('-', ''),
  );
  if (!/^[0-9a-f]{32}$/.test(digits)) return undefined;
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
}

/** Bytes as PostgreSQL shows them, from its texts in hex and with escapes; undefined where it is none. */
export function readBytes(text: string): string | undefined {
  if (text.startsWith('\\x')) {
    const digits = text.slice(2).replaceAll(/\s/g, '').toLowerCase();
    if (!/^([0-9a-f]{2})*$/.test(digits)) throw new StatementError('22023', 'invalid hexadecimal data for type bytea');
    return `\\x${digits}`;
  }
  if (!/^(?:[^\\]|\\\\|\\[0-3][0-7]{2})*$/s.test(text)) return undefined;
  const parts = text.split(/(\\\\|\\[0-3][0-7]{2})/).map((part) => {
    if (!part.startsWith('\\')) return Buffer.from(part);
    return part === '\\\\' ? Buffer.from('\\') : Buffer.from([Number.parseInt(part.slice(1), 8)]);
  });
  return hexOf(Buffer.concat(parts));
}

export const hexOf = (bytes: Uint8Array): string => `\\x${Buffer.from(bytes).toString('hex')}`;
