import type { Face } from '../contract/contract.ts';
import type { Material } from '../contract/session.ts';
import type { Snapshot } from '../snapshot/reader.ts';
import { basic } from './face/basic.ts';
import { bearer } from './face/bearer.ts';
import { certificate } from './face/certificate.ts';
import { cluster } from './face/cluster.ts';
import { open } from './face/open.ts';
import { sasl } from './face/sasl.ts';
import { service } from './face/service.ts';
import { session } from './face/session.ts';
import { sigv4 } from './face/sigv4.ts';
import { publishable, stripe } from './face/stripe.ts';
import { type Identified, refuse } from './identified.ts';
import { anonymous } from './face/anonymous.ts';
import { moveTo } from './place.ts';

const faces = { bearer, basic, sasl, sigv4, session, certificate, cluster, service, stripe, publishable, open, anonymous } satisfies Record<
  Face,
  (material: Material, snapshot: Snapshot, now: number) => Identified
>;

/** What a face's material proves, at the environment it asks for. Throws Unauthenticated or Expired. */
export function identify(face: Face, material: Material, snapshot: Snapshot, now: number): Identified {
  return placed(faces[face](material, snapshot, now), material, snapshot);
}

/** Where an identity acts that a face has proven. Throws Unauthenticated for a place that is not its own. */
export function placed(identified: Identified, material: Material, snapshot: Snapshot): Identified {
  const wanted = material.environment;
  const there = typeof wanted === 'string' && wanted !== '' ? moveTo(snapshot, identified, wanted) : identified;
  const tenant = snapshot.get('tenant', there.tenant);
  if (there.tenant !== '' && (!tenant || tenant.ended)) throw refuse('revoked', 'The organization has ended.');
  return there;
}

/** Whether an identity found earlier still stands, without its secret: the credential or session is there and in time. */
export function stillStands(identified: Identified, snapshot: Snapshot, now: number): boolean {
  if (identified.expiresAt !== undefined && identified.expiresAt <= now) return false;
  if (snapshot.get('tenant', identified.tenant)?.ended) return false;
  if (identified.face === 'anonymous') return true;
  if (identified.face === 'open') return snapshot.get('platform')?.devScope === identified.scope;
  if (identified.face === 'session') {
    const session = snapshot.get('session', identified.credential);
    return (
      session !== undefined && (session.credential === undefined || snapshot.get('credential', session.credential)?.revokedAt === undefined)
    );
  }
  const credential = snapshot.get('credential', identified.credential);
  if (!credential) return identified.face === 'service';
  return credential.revokedAt === undefined;
}
