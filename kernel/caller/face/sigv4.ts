import { type Signed, verify } from '#wire/sigv4/sigv4.ts';
import { type LegacySigned, verifyLegacy } from '#wire/sigv2/sigv2.ts';
import type { Material } from '../../contract/session.ts';
import { sha256Hex } from '../../keys/face-secret.ts';
import type { CredentialRecord } from '../../snapshot/record.ts';
import type { Snapshot } from '../../snapshot/reader.ts';
import { generations, type Identified, identityOf, refuse, standing } from '../identified.ts';
import { clockSkewMs, presignedSecondsMax } from '../limits.ts';

/** What a chunked body's signatures continue from. */
export type SigV4Proof = {
  readonly signingKey: Uint8Array;
  readonly signature: string;
  readonly timestamp: string;
  readonly scope: string;
};

/**
 * AWS Signature V4, in the header, presigned or over a form's policy: `{signed}` as wire/sigv4 read it, `{service}` where that is
 * not s3; or V2: `{legacy}`.
 */
export function sigv4(material: Material, snapshot: Snapshot, now: number): Identified {
  if (material.legacy !== undefined) return sigv2(material.legacy as LegacySigned, snapshot, now);
  const signed = material.signed as Signed;
  const service = material.service === 'sts' ? 'sts' : 's3';
  const region = snapshot.get('platform')?.region ?? '';
  const id = snapshot.get('accessKey', signed.accessKeyId) ?? idOfAccessKey(signed.accessKeyId);
  if (id === undefined) throw refuse('unknown', 'The access key id is not known.');
  const credential = standing(snapshot, id, now);
  if (signed.region !== region || signed.service !== service)
    throw refuse('region', `The region ${signed.region} is wrong; expecting ${region}.`);
  checkTime(signed, now);
  checkToken(credential, signed);
  for (const generation of generations(credential, now)) {
    const signingKey = generation.sigv4[service === 's3' ? signed.date : `${service}:${signed.date}`];
    if (signingKey && verify(signed, Buffer.from(signingKey))) {
      const proof: SigV4Proof = {
        signingKey,
        signature: signed.signature.toString('hex'),
        timestamp: signed.timestamp,
        scope: `${signed.date}/${region}/${service}/aws4_request`,
      };
      return { ...identityOf(credential, 'sigv4'), proof };
    }
  }
  throw refuse('signature');
}

/** AWS Signature V2, whose verifier is the secret: only credentials made for it have one. */
function sigv2(signed: LegacySigned, snapshot: Snapshot, now: number): Identified {
  const id = snapshot.get('accessKey', signed.accessKeyId) ?? idOfAccessKey(signed.accessKeyId);
  if (id === undefined) throw refuse('unknown', 'The access key id is not known.');
  const credential = standing(snapshot, id, now);
  if (signed.form === 'header' && Math.abs(now - signed.at) > clockSkewMs) throw refuse('skew');
  if (signed.form === 'presigned' && now >= signed.expiresAt) throw refuse('expired', 'Request has expired');
  const matching = generations(credential, now).some(({ sigv2: secret }) => secret !== undefined && verifyLegacy(signed, secret));
  if (!matching) throw refuse('signature');
  return identityOf(credential, 'sigv4');
}

function idOfAccessKey(accessKey: string): string | undefined {
  return /^GMT[AS]000[0-9A-Z]{13}$/.test(accessKey) ? accessKey.slice(7).toLowerCase() : undefined;
}

/** Temporary credentials come with a token, others without. */
function checkToken({ sessionToken }: CredentialRecord, signed: Signed): void {
  const shown = signed.sessionToken === undefined ? undefined : sha256Hex(signed.sessionToken);
  if (shown !== sessionToken) throw refuse('token');
}

function checkTime(signed: Signed, now: number): void {
  const { at } = signed;
  if (!Number.isFinite(at)) throw refuse('malformed', 'The date of the signature cannot be read.');
  // A form's policy names its own end, which the door minds.
  if (signed.form === 'policy') return;
  if (signed.form === 'header') {
    if (Math.abs(now - at) > clockSkewMs) throw refuse('skew');
    return;
  }
  const expires = signed.expiresSeconds ?? 0;
  if (expires > presignedSecondsMax) throw refuse('malformed', 'X-Amz-Expires is longer than a week.');
  if (at - now > clockSkewMs) throw refuse('skew');
  if (now >= at + expires * 1000) throw refuse('expired', 'Request has expired');
}
