import { createHash } from 'node:crypto';
import { type ChunkProof, chunkSignature, trailerSignature } from '#wire/sigv4/key.ts';

const crlf = Buffer.from('\r\n');

/** Writes chunks in the aws-chunked form, signed when a proof is given, with trailers when any are given. */
export function encodeChunks(
  chunks: readonly Uint8Array[],
  proof: ChunkProof | undefined,
  trailers?: Readonly<Record<string, string>>,
): Buffer {
  const out: Uint8Array[] = [];
  let before = proof?.signature ?? '';
  for (const chunk of [...chunks.filter((one) => one.length > 0), new Uint8Array()]) {
    let head = chunk.length.toString(16);
    if (proof) {
      before = chunkSignature(proof, before, createHash('sha256').update(chunk).digest('hex'));
      head += `;chunk-signature=${before}`;
    }
    out.push(Buffer.from(`${head}\r\n`));
    if (chunk.length > 0) out.push(chunk, crlf);
  }
  if (trailers) {
    const lines = Object.entries(trailers);
    for (const [name, value] of lines) out.push(Buffer.from(`${name}:${value}\r\n`));
    const hash = createHash('sha256')
      .update(lines.map(([name, value]) => `${name}:${value}\n`).join(''))
      .digest('hex');
    if (proof) out.push(Buffer.from(`x-amz-trailer-signature:${trailerSignature(proof, before, hash)}\r\n`));
  }
  out.push(crlf);
  return Buffer.concat(out);
}
