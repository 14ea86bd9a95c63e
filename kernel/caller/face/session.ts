import { sha256Hex } from '../../keys/face-secret.ts';
import type { Material } from '../../contract/session.ts';
import type { Snapshot } from '../../snapshot/reader.ts';
import { type Identified, refuse, standing } from '../identified.ts';
import { defaultScope } from '../place.ts';

/** A person's browser session: `{token, environment?}`. Its proof is the token that mutations must carry. */
export function session(material: Material, snapshot: Snapshot, now: number): Identified {
  if (typeof material.token !== 'string' || material.token.length > 128) throw refuse('malformed');
  const record = snapshot.get('session', sha256Hex(material.token));
  if (!record) throw refuse('unknown', 'The session has ended; log in again.');
  if (record.expiresAt <= now) throw refuse('expired');
  if (record.credential !== undefined) standing(snapshot, record.credential, now);
  const [tenant = ''] = record.tenants;
  const scope = defaultScope(snapshot, tenant);
  const identified = {
    tenant,
    scope: scope?.id ?? '',
    principal: record.principal,
    credential: record.id,
    face: 'session',
    expiresAt: record.expiresAt,
  } as const;
  return { ...identified, proof: { csrf: record.csrf } };
}
