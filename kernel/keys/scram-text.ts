import type { ScramVerifier } from '#wire/scram/server.ts';

/** A verifier in JSON; its bytes are base64. */
export type ScramText = { readonly salt: string; readonly rounds: number; readonly storedKey: string; readonly serverKey: string };

export const scramText = ({ salt, rounds, storedKey, serverKey }: ScramVerifier): ScramText => ({
  salt: Buffer.from(salt).toString('base64'),
  rounds,
  storedKey: Buffer.from(storedKey).toString('base64'),
  serverKey: Buffer.from(serverKey).toString('base64'),
});

export const scramOf = ({ salt, rounds, storedKey, serverKey }: ScramText): ScramVerifier => ({
  salt: Buffer.from(salt, 'base64'),
  rounds,
  storedKey: Buffer.from(storedKey, 'base64'),
  serverKey: Buffer.from(serverKey, 'base64'),
});
