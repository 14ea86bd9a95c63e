/** What `x-amz-content-sha256` says of the body. */
export type PayloadForm =
  | { readonly kind: 'hash'; readonly sha256: string }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'chunked'; readonly signed: boolean; readonly trailer: boolean };

const literal: Readonly<Record<string, PayloadForm>> = {
  'UNSIGNED-PAYLOAD': { kind: 'unsigned' },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { kind: 'chunked', signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { kind: 'chunked', signed: true, trailer: true },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { kind: 'chunked', signed: false, trailer: true },
};

/** Reads the header's value; undefined when it is none of the five forms. */
export function payloadForm(value: string): PayloadForm | undefined {
  if (/^[0-9a-f]{64}$/.test(value)) return { kind: 'hash', sha256: value };
  return Object.hasOwn(literal, value) ? literal[value] : undefined;
}
