import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { scramRoundsMax } from './limits.ts';
import { ProtocolViolation } from './violation.ts';

const derive = promisify(pbkdf2);

/** A client's SCRAM-SHA-256 exchange (RFC 5802, RFC 7677) without channel binding. */
export type ScramClient = {
  /** client-first-message. */
  readonly first: string;
  /** Answers server-first-message with client-final-message. */
  final(serverFirst: string): Promise<string>;
  /** Checks server-final-message: that the server knows the password's verifier too. */
  verify(serverFinal: string): void;
};

/** Starts an exchange; `nonce` is at least 18 random bytes in base64. */
export function scramClient(password: string, nonce: string): ScramClient {
  const bare = `n=,r=${nonce}`;
  let expected: Buffer = Buffer.alloc(0);
  return {
    first: `n,,${bare}`,
    async final(serverFirst) {
      const { r: whole = '', s: salt = '', i: rounds = '' } = attributes(serverFirst);
      // RFC 5802 7: the server's nonce starts with the client's, else it is a replay.
      if (!whole.startsWith(nonce) || whole.length === nonce.length) throw new ProtocolViolation('the SCRAM nonce is not ours');
      if (!/^[1-9]\d{0,8}$/.test(rounds) || Number(rounds) > scramRoundsMax) throw new ProtocolViolation(`SCRAM asks for ${rounds} rounds`);
      const keys = await scramKeys(password, Buffer.from(salt, 'base64'), Number(rounds));
      const closing = `c=biws,r=${whole}`;
      const message = `${bare},${serverFirst},${closing}`;
      expected = hmac(keys.server, message);
      const proof = hmac(keys.stored, message);
      for (let i = 0; i < proof.length; i++) proof[i] = (proof[i] as number) ^ (keys.client[i] as number);
      return `${closing},p=${proof.toString('base64')}`;
    },
    verify(serverFinal) {
      const signature = Buffer.from(attributes(serverFinal).v ?? '', 'base64');
      if (expected.length === 0 || signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
        throw new ProtocolViolation('the server does not know the password');
      }
    },
  };
}

/** The verifier PostgreSQL stores for a password, so that the password itself is in no statement and no log. */
export async function scramVerifier(password: string, salt: Buffer, rounds = 4096): Promise<string> {
  const keys = await scramKeys(password, salt, rounds);
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${keys.stored.toString('base64')}:${keys.server.toString('base64')}`;
}

/** The keys of RFC 5802 3: ClientKey, StoredKey, ServerKey. */
export async function scramKeys(
  password: string,
  salt: Buffer,
  rounds: number,
): Promise<{ client: Buffer; stored: Buffer; server: Buffer }> {
  const salted = await derive(password.normalize('NFKC'), salt, rounds, 32, 'sha256');
  const client = hmac(salted, 'Client Key');
  return { client, stored: createHash('sha256').update(client).digest(), server: hmac(salted, 'Server Key') };
}

/** The md5 answer: md5(md5(password + user) + salt), in hex. */
export function md5Answer(user: string, password: string, salt: Buffer): string {
  const inner = createHash('md5')
    .update(password + user, 'utf8')
    .digest('hex');
  return `md5${createHash('md5').update(inner, 'latin1').update(salt).digest('hex')}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

function attributes(message: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const part of message.split(',')) if (part[1] === '=') out[part[0] as string] = part.slice(2);
  if (out['e'] !== undefined) throw new ProtocolViolation(`the server ends SCRAM: ${out['e']}`);
  return out;
}
