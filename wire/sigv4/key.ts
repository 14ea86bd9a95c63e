import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What chunk and trailer signatures continue: the key and the signature of the request, its time and its credential scope. */
export type ChunkProof = {
  readonly signingKey: Uint8Array;
  /** The request's own signature in hexadecimal. */
  readonly signature: string;
  readonly timestamp: string;
  /** `yyyymmdd/region/service/aws4_request`. */
  readonly scope: string;
};

const emptyHash = createHash('sha256').digest('hex');

const hmac = (key: Uint8Array | string, text: string): Buffer => createHmac('sha256', key).update(text, 'utf8').digest();

/** The key of one day, region and service; it signs requests and tells nothing of the secret. `date` is yyyymmdd. */
export function signingKey(secret: string, date: string, region: string, service: string): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), 'aws4_request');
}

/** Whether the request was signed with this key; takes the same time whatever differs. */
export function verify(signed: { readonly stringToSign: string; readonly signature: Buffer }, key: Uint8Array): boolean {
  const right = hmac(key, signed.stringToSign);
  return right.length === signed.signature.length && timingSafeEqual(right, signed.signature);
}

/** The signature of a chunk in hexadecimal; `before` is that of the chunk before, or of the request, `hash` the chunk's SHA-256. */
export function chunkSignature(proof: ChunkProof, before: string, hash: string): string {
  return hmac(proof.signingKey, `AWS4-HMAC-SHA256-PAYLOAD\n${proof.timestamp}\n${proof.scope}\n${before}\n${emptyHash}\n${hash}`).toString(
    'hex',
  );
}

/** The signature of the trailers in hexadecimal; `hash` is the SHA-256 of `name:value\n` for each. */
export function trailerSignature(proof: ChunkProof, before: string, hash: string): string {
  return hmac(proof.signingKey, `AWS4-HMAC-SHA256-TRAILER\n${proof.timestamp}\n${proof.scope}\n${before}\n${hash}`).toString('hex');
}
