import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { HttpRequest } from '#engine/http1/request.ts';
import { fault } from '../../contract/fault.ts';
import { hostName } from '../../listen/origin.ts';

/** The site a passkey belongs to: the console's host name, and the address its pages have. */
export type Site = { readonly host: string; readonly origin: string };

/** What is kept, sealed, of a passkey. */
export type Passkey = { readonly publicKey: string; readonly host: string; readonly transports?: readonly string[] };

/** Loaded when the first passkey asks for it: it is half of what control would read at its start. */
const webAuthn = () => import('@simplewebauthn/server');

/** The site of a request, by its Host; the origin was held against it before. */
export function siteOf(request: HttpRequest): Site {
  const host = hostName(request.headers.host) ?? '';
  return { host, origin: `${'encrypted' in request.socket ? 'https' : 'http'}://${request.headers.host?.toLowerCase()}` };
}

const refused = (cause?: unknown) =>
  fault('Unauthenticated', { path: 'signature', detail: 'The passkey was not proven.', ...(cause === undefined ? {} : { cause }) });

/** What the browser is asked, to make a passkey for a person. */
export async function registrationOptions(site: Site, person: { id: string; email: string }, known: readonly { handle: string }[]) {
  return (await webAuthn()).generateRegistrationOptions({
    rpName: 'Gamut',
    rpID: site.host,
    userName: person.email,
    userID: new Uint8Array(Buffer.from(person.id)),
    attestationType: 'none',
    excludeCredentials: known.map(({ handle }) => ({ id: handle })),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
  });
}

/** The passkey that a browser made, held against the challenge, the site and the form of WebAuthn level 3, 7.1. */
export async function registered(site: Site, challenge: string, response: unknown) {
  const { verifyRegistrationResponse } = await webAuthn();
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response: response as RegistrationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.host,
    requireUserVerification: false,
  }).catch((cause: unknown) => {
    throw refused(cause);
  });
  if (!verified) throw refused();
  const { id, publicKey, counter, transports } = registrationInfo.credential;
  const passkey: Passkey = {
    publicKey: Buffer.from(publicKey).toString('base64url'),
    host: site.host,
    ...(transports ? { transports } : {}),
  };
  return { handle: id, counter, passkey };
}

/** What the browser is asked, to prove a passkey: one of those listed, or (none listed) any that it has for this site. */
export async function proofOptions(site: Site, handles: readonly string[]) {
  return (await webAuthn()).generateAuthenticationOptions({
    rpID: site.host,
    allowCredentials: handles.map((id) => ({ id })),
    userVerification: handles.length === 0 ? 'required' : 'preferred',
  });
}

/** Checks the proof of a passkey: WebAuthn level 3, 7.2. `alone` asks that the authenticator knew its person. */
export async function proven(
  site: Site,
  challenge: string,
  response: unknown,
  key: { handle: string; counter: number; passkey: Passkey },
  alone: boolean,
): Promise<{ counter: number }> {
  if (key.passkey.host !== site.host) throw refused();
  const { verifyAuthenticationResponse } = await webAuthn();
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: response as AuthenticationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.host,
    credential: { id: key.handle, publicKey: new Uint8Array(Buffer.from(key.passkey.publicKey, 'base64url')), counter: key.counter },
    requireUserVerification: alone,
  }).catch((cause: unknown) => {
    throw refused(cause);
  });
  if (!verified) throw refused();
  return { counter: authenticationInfo.newCounter };
}

/** The handle a proof names. */
export function handleIn(response: unknown): string {
  const id = typeof response === 'object' && response !== null ? (response as { id?: unknown }).id : undefined;
  if (typeof id !== 'string' || id.length > 1400) throw refused();
  return id;
}
