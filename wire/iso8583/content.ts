/** What a data element may hold, in the letters of ISO 8583; `xn` is an amount with C or D before it. */
export type Content = 'n' | 'an' | 'ans' | 'b' | 'z' | 'xn';

const bits: Readonly<Record<Content, number>> = { n: 1, an: 2, ans: 4, b: 8, z: 16, xn: 32 };

/** Per byte, the contents that it may stand in. */
const allowed = Uint8Array.from({ length: 256 }, (_, byte) => {
  const one = String.fromCharCode(byte);
  const isDigit = /[0-9]/.test(one);
  return (
    bits.b |
    (isDigit ? bits.n | bits.xn : 0) |
    (/[A-Za-z0-9 ]/.test(one) ? bits.an : 0) |
    (byte >= 0x20 && byte < 0x7f ? bits.ans : 0) |
    (isDigit || one === '=' || one === 'D' ? bits.z : 0)
  );
});

/** The first of the bytes in `[from, to)` that this content cannot hold; -1 if all may stand there. */
export function strangeByte(bytes: Uint8Array, from: number, to: number, content: Content): number {
  const bit = bits[content];
  for (let at = from; at < to; at += 1) if ((allowed[bytes[at]!]! & bit) === 0) return at;
  return -1;
}

/** The index of the first character that this content cannot hold; -1 if all may stand there. */
export function strangeCharacter(text: string, content: Content): number {
  const bit = bits[content];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 255 || (allowed[code]! & bit) === 0) return at;
  }
  return -1;
}
