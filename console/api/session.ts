import { useSyncExternalStore } from 'react';
import { onExpired, send, sendForJson, useToken } from './client.ts';
import { Problem } from './problem.ts';
import { provePasskey } from './passkey.ts';
import { forgetReads } from './read.ts';

export type EnvironmentKind = 'live' | 'test' | 'sandbox';
export type EnvironmentPlace = { id: string; name: string; title: string; kind: EnvironmentKind };
export type ProjectPlace = { id: string; name: string; title: string; environments: readonly EnvironmentPlace[] };
export type OrganizationPlace = { id: string; name: string; title: string; role: string; projects: readonly ProjectPlace[] };
export type Person = { id: string; email: string; title: string };
/** `operator` is absent where the platform does not say whether the person runs it. */
/** `assurance` 2: a second factor was proven; 0: the session was begun with a credential. */
export type Session = { csrf: string; assurance?: number; person: Person; operator?: boolean; organizations: readonly OrganizationPlace[] };

/** `unknown` until the platform has answered once; `ended` when a session that was open is no longer known. */
export type SessionState =
  | { readonly is: 'unknown' }
  | { readonly is: 'out'; readonly ended: boolean }
  | { readonly is: 'in'; readonly session: Session };

let state: SessionState = { is: 'unknown' };
const watchers = new Set<() => void>();

function become(next: SessionState): void {
  state = next;
  if (next.is === 'in') useToken(next.session.csrf);
  else forgetReads();
  for (const watcher of watchers) watcher();
}

onExpired(() => {
  if (state.is === 'in') become({ is: 'out', ended: true });
});

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

export function useSessionState(): SessionState {
  return useSyncExternalStore(subscribe, () => state);
}

/** The open session; only pages behind the sign-in call it. */
export function useSession(): Session {
  const now = useSessionState();
  if (now.is !== 'in') throw new Error('A page behind the sign-in was shown without a session.');
  return now.session;
}

/** Asks the platform who we are; also after a change of organizations, projects or environments. */
export async function readSession(): Promise<Session | undefined> {
  try {
    const session = await sendForJson<Session>({ method: 'GET', path: '/session' });
    become({ is: 'in', session });
    return session;
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.status !== 401) throw thrown;
    become({ is: 'out', ended: state.is === 'in' });
    return undefined;
  }
}

export type Proof = { email: string; password: string } | { bearer: string };

/** What a sign-in waits for: one of the ways, under its ticket. */
export type Waits = { ticket: string; methods: readonly Way[]; passkey?: object };
export type Way = 'totp' | 'passkey' | 'recovery' | 'mail';

async function enter(path: string, json: object): Promise<Waits | undefined> {
  const answer = await sendForJson<Session | { pending: Waits }>({ method: 'POST', path, json });
  if ('pending' in answer) return answer.pending;
  become({ is: 'in', session: answer });
  return undefined;
}

/** Signs in; answers what is missing where a password is not enough. */
export const signIn = (proof: Proof): Promise<Waits | undefined> => enter('/session', proof);

/** The second step of a sign-in. */
export const signInSecond = (ticket: string, proof: object): Promise<Waits | undefined> => enter('/session/factor', { ticket, ...proof });

/** Signs in by a passkey alone: the browser asks which. */
export async function signInByPasskey(): Promise<void> {
  const waits = await enter('/session/passkey/begin', {});
  if (waits?.passkey) await enter('/session/passkey', { ticket: waits.ticket, passkey: await provePasskey(waits.passkey) });
}

export async function signOut(): Promise<void> {
  await send({ method: 'DELETE', path: '/session' });
  become({ is: 'out', ended: false });
}

/** Takes up an invitation; a person who is new here chooses a password by it. */
export const acceptInvitation = (token: string, password: string): Promise<Waits | undefined> =>
  enter('/session/invitation', { token, password });

export async function askReset(email: string): Promise<void> {
  await send({ method: 'POST', path: '/session/reset', json: { email } });
}

/** Sets the new password; it ends every session, so the person signs in with it. */
export async function confirmReset(token: string, password: string): Promise<void> {
  await send({ method: 'POST', path: '/session/reset/confirm', json: { token, password } });
  become({ is: 'out', ended: false });
}

export type Mail = { to: string; subject: string; text: string; at: number };

/** The mails of the embedded outbox; only operators on loopback may read it, everybody else gets undefined. */
export async function readOutbox(): Promise<readonly Mail[] | undefined> {
  try {
    return (await sendForJson<{ mails: Mail[] }>({ method: 'GET', path: '/session/outbox' })).mails;
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.status >= 400 && thrown.status < 500) return undefined;
    throw thrown;
  }
}
