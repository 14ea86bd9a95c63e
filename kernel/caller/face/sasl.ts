import { randomBytes } from 'node:crypto';
import { type ScramHash, ScramRefusal, scramServer, type ScramVerifier } from '#wire/scram/server.ts';
import type { Material } from '../../contract/session.ts';
import type { Snapshot } from '../../snapshot/reader.ts';
import type { CredentialRecord } from '../../snapshot/record.ts';
import { loginLengthMax } from '../limits.ts';
import { generations, type Identified, identityOf, refuse, secretMatches, standing } from '../identified.ts';

/** SASL PLAIN: user name (the credential's id) and password: `{username, password}`. */
export function sasl(material: Material, snapshot: Snapshot, now: number): Identified {
  const { username, password } = material;
  if (typeof username !== 'string' || typeof password !== 'string') throw refuse('malformed');
  const credential = standing(snapshot, idOf(snapshot, username), now);
  const plains = generations(credential, now).flatMap(({ sasl: known }) => known?.plain ?? []);
  const matches = plains.some((plain) => secretMatches(password, plain));
  if (!matches) throw refuse('signature');
  return identityOf(credential, 'sasl');
}

/** Who logs in shows a credential's id, or the name under which its verifiers were brought. */
function idOf(snapshot: Snapshot, user: string): string {
  if (user.length > loginLengthMax) throw refuse('unknown');
  return snapshot.get('login', user) ?? user.toLowerCase();
}

const mechanisms: Readonly<Record<string, ScramHash>> = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' };

/** The steps of a proof, and whom they proved. */
export type Steps = { next(answer: Uint8Array): { send?: Uint8Array; done?: true }; identified(): Identified };

/**
 * SCRAM: `{mechanism}`, and `{username}` where the protocol has said it already, as PostgreSQL's does. Throws
 * Unauthenticated at the step that fails. During the overlap of a rotated credential only its newest secret is known here:
 * the exchange names its salt before the proof comes.
 */
export function saslExchange({ mechanism, username }: Material, snapshot: Snapshot, now: () => number): Steps {
  const hash = typeof mechanism === 'string' ? mechanisms[mechanism] : undefined;
  if (hash === undefined) throw refuse('malformed', 'The mechanism is not one of SCRAM-SHA-256 and SCRAM-SHA-512.');
  const server = scramServer(hash, randomBytes(24).toString('base64'));
  let credential: CredentialRecord | undefined;
  let step = 0;
  const verifierOf = (user: string): ScramVerifier => {
    credential = standing(snapshot, idOf(snapshot, typeof username === 'string' ? username : user), now());
    const verifier = generations(credential, now())[0]?.sasl?.[hash];
    if (!verifier) throw refuse('unknown');
    return verifier;
  };
  return {
    next(answer) {
      const text = Buffer.from(answer).toString();
      step += 1;
      try {
        if (step === 1) return { send: Buffer.from(server.first(text, verifierOf)) };
        if (step === 2) return { send: Buffer.from(server.final(text)), done: true };
      } catch (error) {
        if (error instanceof ScramRefusal) throw refuse(error.message === 'invalid-proof' ? 'signature' : 'malformed');
        throw error;
      }
      throw refuse('malformed');
    },
    identified() {
      if (step !== 2 || !credential) throw refuse('missing');
      // The credential may have ended since the first step.
      return identityOf(standing(snapshot, credential.id, now()), 'sasl');
    },
  };
}
