import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { scramRoundsMax } from './limits.ts';
import { type ScramHash, ScramRefusal } from './server.ts';

const derive = promisify(pbkdf2);
const keyBytes: Readonly<Record<ScramHash, number>> = { sha256: 32, sha512: 64 };

/** A client's exchange by SCRAM-SHA-256 or SCRAM-SHA-512 (RFC 5802, RFC 7677) without channel binding. */
export type ScramClient = {
  /** client-first-message. */
  readonly first: string;
  /** Answers server-first-message with client-final-message. Throws ScramRefusal for what no honest server says. */
  final(serverFirst: string): Promise<string>;
  /** Checks server-final-message: that the server knows the password's verifier too. */
  verify(serverFinal: string): void;
};

/** Starts an exchange; `nonce` is at least 18 random bytes in base64. PostgreSQL knows the user already, Kafka asks for it here. */
export function scramClient(password: string, nonce: string, { user = '', hash = 'sha256' as ScramHash } = {}): ScramClient {
  const bare = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`;
  let expected: Buffer = Buffer.alloc(0);
  return {
    first: `n,,${bare}`,
    async final(serverFirst) {
      const { r: whole = '', s: salt = '', i: rounds = '' } = attributes(serverFirst);
      // RFC 5802 7: the server's nonce starts with the client's, else it is a replay.
      if (!whole.startsWith(nonce) || whole.length === nonce.length) throw new ScramRefusal('the SCRAM nonce is not ours');
      if (!/^[1-9]\d{0,8}$/.test(rounds) || Number(rounds) > scramRoundsMax) throw new ScramRefusal(`SCRAM asks for ${rounds} rounds`);
      const keys = await scramKeys(password, Buffer.from(salt, 'base64'), Number(rounds), hash);
      const closing = `c=biws,r=${whole}`;
      const message = `${bare},${serverFirst},${closing}`;
      expected = hmac(hash, keys.server, message);
      const proof = hmac(hash, keys.stored, message);
      for (let i = 0; i < proof.length; i++) proof[i] = (proof[i] as number) ^ (keys.client[i] as number);
      return `${closing},p=${proof.toString('base64')}`;
    },
    verify(serverFinal) {
      const signature = Buffer.from(attributes(serverFinal).v ?? '', 'base64');
      if (expected.length === 0 || signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
        throw new ScramRefusal('the server does not know the password');
      }
    },
  };
}

/** The keys of RFC 5802 3: ClientKey, StoredKey, ServerKey. */
export async function scramKeys(
  password: string,
  salt: Buffer,
  rounds: number,
  hash: ScramHash = 'sha256',
): Promise<{ client: Buffer; stored: Buffer; server: Buffer }> {
  const salted = await derive(password.normalize('NFKC'), salt, rounds, keyBytes[hash], hash);
  const client = hmac(hash, salted, 'Client Key');
  return { client, stored: createHash(hash).update(client).digest(), server: hmac(hash, salted, 'Server Key') };
}

function hmac(hash: ScramHash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text, 'utf8').digest();
}

function attributes(message: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const part of message.split(',')) if (part[1] === '=') out[part[0] as string] = part.slice(2);
  if (out['e'] !== undefined) throw new ScramRefusal(`the server ends SCRAM: ${out['e']}`);
  return out;
}
