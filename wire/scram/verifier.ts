import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { ScramHash, ScramVerifier } from './server.ts';

const bytes: Readonly<Record<ScramHash, number>> = { sha256: 32, sha512: 64 };

/** The verifier of a password. Blocks for the time of its rounds: about a millisecond per 2000. */
export function scramVerifierOf(hash: ScramHash, password: string, salt: Uint8Array, rounds: number): ScramVerifier {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, rounds, bytes[hash], hash);
  const client = createHmac(hash, salted).update('Client Key').digest();
  const stored = createHash(hash).update(client).digest();
  return { salt, rounds, storedKey: stored, serverKey: createHmac(hash, salted).update('Server Key').digest() };
}
