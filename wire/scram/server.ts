import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The hashes of the mechanisms SCRAM-SHA-256 (RFC 7677) and SCRAM-SHA-512. */
export type ScramHash = 'sha256' | 'sha512';

/** What a server keeps of a password: RFC 5802 3. It proves a client, and cannot be used as one. */
export type ScramVerifier = {
  readonly salt: Uint8Array;
  readonly rounds: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
};

/** What is wrong with a client's message, in RFC 5802's word for the server-error. */
export class ScramRefusal extends Error {
  override readonly name = 'ScramRefusal';
}

/** The server's half of an exchange without channel binding. */
export type ScramServer = {
  /** Answers client-first-message; `verifierOf` looks the user up, and may throw to refuse. */
  first(message: string, verifierOf: (user: string) => ScramVerifier): string;
  /** Checks client-final-message, and answers server-final-message. Throws ScramRefusal for a wrong proof. */
  final(message: string): string;
};

/** Starts an exchange; `nonce` is the server's part: printable, without commas. */
export function scramServer(hash: ScramHash, nonce: string): ScramServer {
  let bare = '';
  let challenge = '';
  let whole = '';
  let header = '';
  let verifier: ScramVerifier | undefined;
  return {
    first(message, verifierOf) {
      const read = /^([ny],(?:a=[^,]*)?,)((?:m=[^,]*,)?n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/.exec(message);
      if (!read || read[2]?.startsWith('m=')) throw new ScramRefusal('other-error');
      [header, bare] = [read[1] as string, read[2] as string];
      const user = (read[3] as string).replaceAll('=2C', ',').replaceAll('=3D', '=');
      verifier = verifierOf(user);
      whole = `${read[4]}${nonce}`;
      challenge = `r=${whole},s=${Buffer.from(verifier.salt).toString('base64')},i=${verifier.rounds}`;
      return challenge;
    },
    final(message) {
      const read = /^(c=([A-Za-z0-9+/=]+),r=([^,]+)(?:,.*)?),p=([A-Za-z0-9+/=]+)$/.exec(message);
      if (!read || !verifier) throw new ScramRefusal('other-error');
      if (Buffer.from(read[2] as string, 'base64').toString() !== header) throw new ScramRefusal('channel-bindings-dont-match');
      // librdkafka before 2.6 writes its own nonce once more in front; Apache Kafka looks at the end too, and the proof covers all.
      if (!read[3]?.endsWith(whole)) throw new ScramRefusal('other-error');
      const spoken = `${bare},${challenge},${read[1]}`;
      const signature = createHmac(hash, verifier.storedKey).update(spoken).digest();
      const proof = Buffer.from(read[4] as string, 'base64');
      if (proof.length !== signature.length) throw new ScramRefusal('invalid-proof');
      const clientKey = proof.map((byte, at) => byte ^ (signature[at] as number));
      if (!timingSafeEqual(createHash(hash).update(clientKey).digest(), verifier.storedKey)) throw new ScramRefusal('invalid-proof');
      return `v=${createHmac(hash, verifier.serverKey).update(spoken).digest('base64')}`;
    },
  };
}
