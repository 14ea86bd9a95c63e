import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/** A secret as people hand it on: the form of Standard Webhooks. */
export const secretText = (secret: Uint8Array): string => prefix + Buffer.from(secret).toString('base64');

/** The headers of one delivery as Standard Webhooks has them; every secret given signs, so that one can be renewed. */
export function signedHeaders(id: string, atMs: number, body: string, secrets: readonly Uint8Array[]): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const content = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', secret).update(content).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
