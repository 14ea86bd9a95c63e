import { sendForJson } from './client.ts';
import { makePasskey } from './passkey.ts';
import { readSession, type Waits } from './session.ts';

export type Factor = { id: string; kind: 'totp' | 'passkey'; title: string; createdAt: number; usedAt?: number };
export type OpenSession = {
  id: string;
  principal: string;
  createdAt: number;
  seenAt: number;
  expiresAt: number;
  factor: boolean;
  byCredential: boolean;
  current: boolean;
  address: string;
  agent: string;
};
/** `person` is false for a session that was begun with a credential: factors belong to persons. */
export type Security = {
  person: boolean;
  assurance: number;
  factors: readonly Factor[];
  recovery: number;
  sessions: readonly OpenSession[];
};

const post = <T>(path: string, json: object = {}): Promise<T> => sendForJson<T>({ method: 'POST', path: `/session/${path}`, json });

export const readSecurity = (): Promise<Security> => sendForJson<Security>({ method: 'GET', path: '/session/security' });

export type NewApp = { factor: string; secret: string; uri: string };

/** Begins an authenticator app; the password is asked for the first factor only. */
export const beginApp = (password: string): Promise<NewApp> => post<NewApp>('totp', { password });

export async function confirmApp(code: string): Promise<void> {
  await post('totp/confirm', { code });
  await readSession();
}

export async function addPasskey(title: string, password: string): Promise<void> {
  const { ticket, options } = await post<{ ticket: string; options: object }>('passkey/register', { password });
  await post('passkey/register/confirm', { ticket, title, passkey: await makePasskey(options) });
  await readSession();
}

export const removeFactor = (factor: string): Promise<unknown> => post('factor/remove', { factor });
export const makeRecoveryCodes = async (): Promise<readonly string[]> => (await post<{ codes: string[] }>('recovery')).codes;
export const endSession = (session: string): Promise<unknown> => post('end', { session });
export const endOthers = (): Promise<{ ended: number }> => post('end', { others: true });

/** What the person of this session may prove; no ways mean that there is no factor yet. */
export const askStepUp = (): Promise<Waits> => post<Waits>('step-up/begin');

export async function proveStepUp(ticket: string, proof: object): Promise<void> {
  await post('step-up', { ticket, ...proof });
  await readSession();
}
