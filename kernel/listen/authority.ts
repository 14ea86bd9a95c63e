import { containerMetadata } from './metadata.ts';
import assert from 'node:assert/strict';
import { randomBytes, X509Certificate as NativeCertificate } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { fault } from '#kernel/contract/fault.ts';
import { readCertificate } from './certificate.ts';
import { authorityDays, backdateMs, dayMs, nameCountMax } from './limits.ts';

/** A certificate authority, or a certificate with its key, in PEM (PKCS #8). The key is a secret: it is stored sealed. */
export type Authority = { readonly certificatePem: string; readonly keyPem: string };

/** `fingerprint256` is SHA-256 over the DER form as node writes it: `AA:BB:...`. */
export type Issued = Authority & { readonly fingerprint256: string };

/** What a server certificate is for; without `names` and `addresses` it is for this machine alone. */
export type ServerRequest = { readonly names?: readonly string[]; readonly addresses?: readonly string[]; readonly days: number };

/** `subject` becomes the common name, for people to read; the door knows a client by the fingerprint. */
export type ClientRequest = { readonly subject: string; readonly days: number };

/** The names and addresses by which a platform on this machine is reached. */
const localNames = ['localhost', '*.localhost', 'console.localhost'] as const;
const localAddresses = ['127.0.0.1', '::1'] as const;

// Its module is read before the library's, whose container looks for metadata as it is read.
assert.ok(containerMetadata);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Makes a new authority with an EC P-256 key; it may sign end certificates only (path length 0). `now` is milliseconds since 1970. */
export async function createAuthority(name: string, now = Date.now()): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [checkedName(name)] }],
    issuer: [{ CN: [checkedName(name)] }],
    ...validity(now, authorityDays),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: certificate.toString('pem'), keyPem: await exportKey(keys.privateKey) };
}

/** Issues a door's certificate. */
export async function issueServer(authority: Authority, request: ServerRequest, now = Date.now()): Promise<Issued> {
  const names = request.names ?? localNames;
  const addresses = request.addresses ?? localAddresses;
  const alternatives: JsonGeneralName[] = [
    ...names.map((value) => ({ type: 'dns' as const, value: checkedHost(value) })),
    ...addresses.map((value) => ({ type: 'ip' as const, value: checkedAddress(value) })),
  ];
  if (alternatives.length === 0 || alternatives.length > nameCountMax) throw refused(`It must name between 1 and ${nameCountMax} hosts.`);
  // RFC 5280 upper bound of a common name; a longer host stands in the extension only.
  const subject = [...names, ...addresses].find((name) => name.length <= 64) ?? 'server';
  const extensions = [
    // RFC 5280 4.2.1.6: the names are in the extension; the subject is only shown.
    new SubjectAlternativeNameExtension(alternatives, false),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth], false),
  ];
  return issue(authority, { subject, days: request.days, extensions }, now);
}

/** Issues a client's certificate; the door reports its fingerprint, and a credential row says whose it is. */
export function issueClient(authority: Authority, request: ClientRequest, now = Date.now()): Promise<Issued> {
  const extensions = [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth], false)];
  return issue(authority, { subject: request.subject, days: request.days, extensions }, now);
}

type Wanted = { subject: string; days: number; extensions: Extension[] };

async function issue(authority: Authority, wanted: Wanted, now: number): Promise<Issued> {
  const signer = await openAuthority(authority);
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [checkedName(wanted.subject)] }],
    issuer: signer.certificate.subjectName,
    ...validity(now, wanted.days, signer.certificate.notAfter),
    publicKey: keys.publicKey,
    signingKey: signer.key,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(signer.certificate.publicKey),
      ...wanted.extensions,
    ],
  });
  const certificatePem = certificate.toString('pem');
  const { fingerprint256 } = new NativeCertificate(certificatePem);
  return { certificatePem, keyPem: await exportKey(keys.privateKey), fingerprint256 };
}

async function openAuthority(authority: Authority): Promise<{ certificate: X509Certificate; key: CryptoKey }> {
  const native = readCertificate(authority.certificatePem);
  if (!native.ca) throw refused('It is not an authority.');
  try {
    const der = PemConverter.decodeFirst(authority.keyPem);
    const key = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
    return { certificate: new X509Certificate(authority.certificatePem), key };
  } catch (error) {
    throw fault('Certificate', { detail: "The authority's key cannot be read.", cause: error });
  }
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function exportKey(key: CryptoKey): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), PemConverter.PrivateKeyTag);
}

/** RFC 5280 4.1.2.2: positive, at most 20 bytes, and not to be guessed. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

/** No certificate outlives its issuer, and times are whole seconds as X.509 writes them. */
function validity(now: number, days: number, last?: Date): { notBefore: Date; notAfter: Date } {
  if (!(days > 0 && days <= authorityDays)) throw refused(`Its validity must be between 0 and ${authorityDays} days.`);
  const end = Math.min(now + days * dayMs, last?.getTime() ?? Number.POSITIVE_INFINITY);
  if (end <= now) throw refused('The authority has expired.');
  return { notBefore: wholeSecond(now - backdateMs), notAfter: wholeSecond(end) };
}

function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

/** RFC 5280 upper bound of a common name: 64 characters. */
function checkedName(name: string): string {
  if (!/^[^\p{C}]{1,64}$/u.test(name)) throw refused('Its subject must be 1 to 64 printable characters.');
  return name;
}

function checkedHost(host: string): string {
  if (host.length > 253 || !/^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(host)) {
    throw refused(`${JSON.stringify(host.slice(0, 253))} is not a host name.`);
  }
  return host;
}

function checkedAddress(address: string): string {
  if (isIP(address) === 0) throw refused(`${JSON.stringify(address.slice(0, 64))} is not an address.`);
  return address;
}

function refused(detail: string) {
  return fault('Certificate', { detail });
}
