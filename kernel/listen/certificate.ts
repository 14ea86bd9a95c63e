import { X509Certificate } from 'node:crypto';
import { createSecureContext, createServer, type Server } from 'node:tls';
import { fault } from '#kernel/contract/fault.ts';

/** A certificate with its key, in PEM. `ca` is the authority whose client certificates are asked for and believed. */
export type Certificate = { readonly cert: string; readonly key: string; readonly ca?: string };

/** Hybrid post-quantum key agreement first, then what older clients know. */
const groups = 'X25519MLKEM768:X25519:P-256';

/** TLS 1.3's suites, and for 1.2 only those with forward secrecy and authenticated encryption. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** What a TLS door asks of its peers, in the form that node takes. */
function secureOptions(certificate: Certificate) {
  return {
    cert: certificate.cert,
    key: certificate.key,
    minVersion: 'TLSv1.2' as const,
    maxVersion: 'TLSv1.3' as const,
    ecdhCurve: groups,
    ciphers,
    honorCipherOrder: true,
    ...(certificate.ca === undefined ? {} : { ca: certificate.ca }),
  };
}

/** A TLS server that does not listen itself; sockets are handed to it. A certificate it cannot use is refused in one sentence. */
export function secureServer(certificate: Certificate, more: { handshakeMs: number; alpn?: readonly string[]; halfOpen: boolean }): Server {
  check(certificate);
  return createServer({
    ...secureOptions(certificate),
    // A client without a certificate of ours is served all the same; it has no identity by this face.
    requestCert: certificate.ca !== undefined,
    rejectUnauthorized: false,
    handshakeTimeout: more.handshakeMs,
    allowHalfOpen: more.halfOpen,
    ...(more.alpn ? { ALPNProtocols: [...more.alpn] } : {}),
  });
}

/** Replaces the certificate for handshakes from now on. */
export function replaceCertificate(server: Server, certificate: Certificate): void {
  check(certificate);
  server.setSecureContext(secureOptions(certificate));
}

function check(certificate: Certificate): void {
  try {
    createSecureContext(secureOptions(certificate));
  } catch (error) {
    throw fault('Certificate', { detail: 'The door cannot use its certificate or key.', cause: error });
  }
}

/** Reads a certificate in PEM; anything else is refused. */
export function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw fault('Certificate', { detail: 'It is not a certificate in PEM.', cause: error });
  }
}

/** Whether a certificate has lived two thirds of its validity and should be issued anew. `now` is milliseconds since 1970. */
export function renewalDue(pem: string, now: number): boolean {
  const certificate = readCertificate(pem);
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  return now >= from + ((to - from) * 2) / 3;
}
