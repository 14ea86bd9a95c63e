import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';
import { keyBytes } from './limits.ts';

const identity = 'gamut-storage-node';

/**
 * Both sides prove by TLS 1.3 that they have the same key, and agree on keys of the connection's own by X25519MLKEM768: who
 * learns the key later reads nothing of before. There are no certificates, and one that is shown is not looked at.
 */
const common = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const;

export function hostSecret(key: Buffer): TlsOptions {
  return { ...common, pskCallback: (_socket, name) => (name === identity ? key : null) };
}

/** No authority is known, so that a node that shows a certificate instead of proving the key is refused. */
export function linkSecret(key: Buffer): ConnectionOptions {
  const refuse = () => new Error('no certificate is taken');
  return { ...common, ca: [], pskCallback: () => ({ identity, psk: key }), checkServerIdentity: refuse };
}

/** Whether the other side has proven the key, and not something else. */
export function isProven(socket: TLSSocket): boolean {
  return socket.getProtocol() === 'TLSv1.3' && socket.isSessionReused() && Object.keys(socket.getPeerCertificate() ?? {}).length === 0;
}

/** Reads a key as it lies in a file: 32 bytes in base64. Undefined where it is none. */
export function readNodeKey(text: string): Buffer | undefined {
  const line = text.trim();
  const key = Buffer.from(line, 'base64');
  return key.length === keyBytes && /^[A-Za-z0-9+/_-]{43}=?$/.test(line) ? key : undefined;
}
