import { readPix } from '#wire/emvco-qr/pix.ts';
import { readBoleto } from '#wire/voucher/boleto.ts';
import { readOxxoReference } from '#wire/voucher/oxxo.ts';
import { oxxoIssuer } from '../../domain/voucher.ts';
import type { Way } from '../../domain/way.ts';
import { paysAfterSeconds } from './limits.ts';

/** When a simulated payer goes to the till, in seconds since 1970; never, where it is undefined. */
export function paysAt(email: string, created: number): number | undefined {
  const [name = ''] = email.split('@');
  if (name.endsWith('fill_never') || name.includes('expire_')) return undefined;
  return created + (name.endsWith('succeed_immediately') ? 0 : paysAfterSeconds);
}

/** When a voucher of a payer who wants to see one expire does so; as its last moment says, where it is undefined. */
export function expiresAt(email: string, created: number): number | undefined {
  const [name = ''] = email.split('@');
  if (name.endsWith('expire_immediately')) return created;
  return name.endsWith('expire_with_delay') ? created + paysAfterSeconds : undefined;
}

/** The simulated till: reads a voucher, whose check digits must be right, and takes the amount that it is of. */
export function paidAtTill(way: Way, text: string, amount: number, today: Date): number {
  if (way === 'boleto') return readBoleto(text, today).centavos;
  if (way === 'pix') return readPix(text).centavos ?? amount;
  readOxxoReference(text, oxxoIssuer);
  return amount;
}
