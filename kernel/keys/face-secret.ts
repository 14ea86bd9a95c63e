import { createHash, createHmac, hash, hkdfSync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ScramHash, ScramVerifier } from '#wire/scram/server.ts';
import { scramVerifierOf } from '#wire/scram/verifier.ts';
import { scramRounds } from './limits.ts';

/** Secrets of the faces, each derived from a credential's seed under its own label, so that one shown opens no other. */
export type FaceSecrets = {
  readonly bearer: string;
  readonly basic: string;
  readonly sasl: string;
  readonly s3: string;
  readonly cluster: string;
  /** Behind the prefix and id of a key as Stripe's clients send it; the publishable one may stand in a page. */
  readonly stripe: string;
  readonly publishable: string;
};

/** A salted verifier per hash, as somebody brought them who did not bring the secret. */
export type ScramVerifiers = Readonly<Partial<Record<ScramHash, ScramVerifier>>>;
/** For PLAIN the SHA-256 of the secret, in hex, where the secret is known; for SCRAM a salted verifier per hash. */
export type SaslVerifiers = { readonly plain?: string } & ScramVerifiers;

/** What a service may hold to check a face, without being able to make another's. */
export type FaceVerifiers = {
  /** SHA-256 of the secret, in hex. */
  readonly bearer: string;
  readonly basic: string;
  readonly cluster: string;
  readonly stripe: string;
  readonly publishable: string;
  readonly sasl: Required<SaslVerifiers>;
  /** Date (yyyymmdd) to the SigV4 signing key of that day, the deployment's region and service s3; `sts:` before it for STS. */
  readonly sigv4: Readonly<Record<string, Uint8Array>>;
};

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648 base32 in lower case, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += alphabet[(value >>> (bits - 5)) & 31];
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text;
}

function derive(seed: Uint8Array, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', seed, Buffer.alloc(0), `gamut face ${label}`, 32));
}

/** The secrets of every face of a seed. */
export function faceSecrets(seed: Uint8Array): FaceSecrets {
  return {
    bearer: base32(derive(seed, 'bearer')),
    basic: base32(derive(seed, 'basic')),
    sasl: base32(derive(seed, 'sasl')),
    s3: derive(seed, 's3').toString('base64url').slice(0, 40),
    cluster: BigInt(`0x${derive(seed, 'cluster').toString('hex', 0, 16)}`).toString(),
    stripe: base32(derive(seed, 'stripe')),
    publishable: base32(derive(seed, 'stripe publishable')),
  };
}

/** The bearer as it travels: prefix, id (13 characters), secret and a CRC-32 for secret scanners. */
export function bearerToken(id: string, secret: string): string {
  const body = id + secret;
  return `gmt_${body}${(crc32(body) >>> 0).toString(16).padStart(8, '0')}`;
}

/** Takes a bearer apart; undefined when its form or check is wrong. */
export function readBearer(token: string): { id: string; secret: string } | undefined {
  if (!/^gmt_[a-z0-9]{73}$/.test(token)) return undefined;
  const body = token.slice(4, -8);
  if ((crc32(body) >>> 0).toString(16).padStart(8, '0') !== token.slice(-8)) return undefined;
  return { id: body.slice(0, 13), secret: body.slice(13) };
}

/** A key of the Stripe API: secret, restricted or publishable, and of which kind of environment. */
export type StripeKey = {
  readonly kind: 'sk' | 'rk' | 'pk';
  readonly mode: 'test' | 'live';
  readonly id: string;
  readonly secret: string;
};

/** The key as it travels. */
export const stripeKey = ({ kind, mode, id, secret }: StripeKey): string => `${kind}_${mode}_${id}${secret}`;

/** Takes a key apart; undefined when its form is wrong. */
export function readStripeKey(text: string): StripeKey | undefined {
  const [, kind, mode, id, secret] = /^(sk|rk|pk)_(test|live)_([a-z0-9]{13})([a-z2-7]{52})$/.exec(text) ?? [];
  return id === undefined || secret === undefined
    ? undefined
    : { kind: kind as StripeKey['kind'], mode: mode as StripeKey['mode'], id, secret };
}

/** The access key id of a credential: 20 characters, as S3's are; one that comes with a session token begins with GMTS. */
export function accessKeyId(id: string, temporary = false): string {
  return `GMT${temporary ? 'S' : 'A'}000${id.toUpperCase()}`;
}

export function sha256Hex(text: string): string {
  return hash('sha256', text);
}

/** AWS Signature V4's signing key of one day, region and service. */
function sigv4Key(secret: string, date: string, region: string, service: string): Buffer {
  const step = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  return step(step(step(step(`AWS4${secret}`, date), region), service), 'aws4_request');
}

/** The secret has 256 random bits, so that its salt may come from it and rounds beyond what clients demand would add nothing. */
function saslVerifiers(secret: string): Required<SaslVerifiers> {
  const salt = createHash('sha256').update(`gamut sasl salt ${secret}`).digest().subarray(0, 18);
  return {
    plain: sha256Hex(secret),
    sha256: scramVerifierOf('sha256', secret, salt, scramRounds),
    sha512: scramVerifierOf('sha512', secret, salt, scramRounds),
  };
}

/** The verifiers of a seed's faces, for the given days. */
export function faceVerifiers(secrets: FaceSecrets, region: string, dates: readonly string[]): FaceVerifiers {
  return {
    bearer: sha256Hex(secrets.bearer),
    basic: sha256Hex(secrets.basic),
    cluster: sha256Hex(secrets.cluster),
    stripe: sha256Hex(secrets.stripe),
    publishable: sha256Hex(secrets.publishable),
    sasl: saslVerifiers(secrets.sasl),
    sigv4: Object.fromEntries(
      dates.flatMap((date) => [
        [date, sigv4Key(secrets.s3, date, region, 's3')],
        [`sts:${date}`, sigv4Key(secrets.s3, date, region, 'sts')],
      ]),
    ),
  };
}

/** Days for which SigV4 keys are held: seven back for presigned URLs, and as many ahead for a dead control. */
export function signingDates(now: number, back: number, ahead: number): string[] {
  const day = 86_400_000;
  return Array.from({ length: back + ahead + 1 }, (_, index) =>
    new Date(now + (index - back) * day).toISOString().slice(0, 10).replaceAll('-', ''),
  );
}
