import { createHash } from 'node:crypto';
import { scramKeys } from '../scram/client.ts';

/** The verifier PostgreSQL stores for a password, so that the password itself is in no statement and no log. */
export async function scramVerifier(password: string, salt: Buffer, rounds = 4096): Promise<string> {
  const keys = await scramKeys(password, salt, rounds);
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${keys.stored.toString('base64')}:${keys.server.toString('base64')}`;
}

/** The md5 answer: md5(md5(password + user) + salt), in hex. */
export function md5Answer(user: string, password: string, salt: Buffer): string {
  const inner = createHash('md5')
    .update(password + user, 'utf8')
    .digest('hex');
  return `md5${createHash('md5').update(inner, 'latin1').update(salt).digest('hex')}`;
}
