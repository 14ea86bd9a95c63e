import { createHmac, timingSafeEqual } from 'node:crypto';
import { base32 } from '../../keys/face-secret.ts';
import { totpDriftSteps, totpStepMs } from './limits.ts';

/** The code of one time step: RFC 6238 over HMAC-SHA-1 with six digits, which is what every authenticator app reads. */
export function totpCode(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  // RFC 4226 5.3: dynamic truncation.
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** The time step a code belongs to, around `now`; undefined when it fits none later than `after`, the last one used. */
export function matchedStep(secret: Uint8Array, code: string, now: number, after: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const current = Math.floor(now / totpStepMs);
  const given = Buffer.from(code);
  let matched: number | undefined;
  for (let step = current - totpDriftSteps; step <= current + totpDriftSteps; step += 1)
    if (timingSafeEqual(Buffer.from(totpCode(secret, step)), given) && step > after) matched ??= step;
  return matched;
}

/** The address an authenticator app reads from a picture, and the secret to type instead. */
export function totpAddress(secret: Uint8Array, account: string): { secret: string; uri: string } {
  const text = base32(secret).toUpperCase();
  const query = new URLSearchParams({ secret: text, issuer: 'Gamut', algorithm: 'SHA1', digits: '6', period: String(totpStepMs / 1000) });
  return { secret: text, uri: `otpauth://totp/Gamut:${encodeURIComponent(account)}?${query}` };
}
