import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Material } from '../../contract/session.ts';
import type { Snapshot } from '../../snapshot/reader.ts';
import { type Identified, refuse, standing } from '../identified.ts';

let known: { readonly pem: string; readonly key: KeyObject } | undefined;

type Body = { tenant: string; scope: string; principal: string; credential: string; via: string; expires: number };

/** A short-lived token that one service shows another: signed by keeper, naming the service and the original caller: `{token}`. */
export function service(material: Material, snapshot: Snapshot, now: number): Identified {
  const [text, signature, more] = typeof material.token === 'string' ? material.token.split('.') : [];
  const pem = snapshot.get('platform')?.publicKey;
  if (!text || !signature || more !== undefined || !pem) throw refuse('malformed');
  if (known?.pem !== pem) known = { pem, key: createPublicKey(pem) };
  if (!verify(null, Buffer.from(text), known.key, Buffer.from(signature, 'base64url'))) throw refuse('signature');
  const body = JSON.parse(Buffer.from(text, 'base64url').toString()) as Body;
  if (body.expires <= now) throw refuse('expired');
  if (snapshot.get('credential', body.credential)) standing(snapshot, body.credential, now);
  const { tenant, scope, principal, credential, via, expires } = body;
  return { tenant, scope, principal, credential, via, face: 'service', expiresAt: expires };
}
