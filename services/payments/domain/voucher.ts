import { writePix } from '#wire/emvco-qr/pix.ts';
import { boletoLine } from '#wire/voucher/boleto.ts';
import { oxxoReference } from '#wire/voucher/oxxo.ts';
import { type Fields, fieldsOf, numberOf, textOf, type Thing } from './json.ts';
import type { Way } from './way.ts';

/** What a payer takes to a shop or bank, or reads with a telephone. `text` is what the till reads. */
export type Voucher = { readonly text: string; readonly expires: number; readonly action: Fields };

type Own = { readonly created: number; readonly serial: number; readonly key: string };

/** Who issues vouchers here: the number of a bank, of an issuer of OXXO, and the key and place of PIX. */
const issuer = { bank: '999', oxxo: '99', name: 'GAMUT PAYMENTS', city: 'SAO PAULO' } as const;
const daySeconds = 86_400;
/** How long one may be paid where nothing else is said, and at most. */
const days = { boleto: [3, 60], oxxo: [3, 7] } as const;
const pixSeconds = [daySeconds, 14 * daySeconds] as const;
const freeDigits = 25;

const optionsOf = (intent: Thing, way: Way): Fields => fieldsOf(fieldsOf(intent.payment_method_options)[way]);

/** The end of the last day on which one may be paid. */
function lastMoment(intent: Thing, way: 'boleto' | 'oxxo', created: number): number {
  const [usual, most] = days[way];
  const count = Math.min(most, Math.max(0, numberOf(optionsOf(intent, way).expires_after_days) ?? usual));
  return Math.floor(created / daySeconds + count + 1) * daySeconds - 1;
}

function boleto(intent: Thing, { created, serial }: Own): Voucher {
  const expires = lastMoment(intent, 'boleto', created);
  const due = new Date(expires * 1000).toISOString().slice(0, 10);
  const given = { bank: issuer.bank, due, centavos: Number(intent.amount), free: String(serial).padStart(freeDigits, '0') };
  const text = boletoLine(given);
  const details = { expires_at: expires, hosted_voucher_url: null, number: text, pdf: null };
  return { text, expires, action: { type: 'boleto_display_details', boleto_display_details: details } };
}

function oxxo(intent: Thing, { created, serial }: Own): Voucher {
  const expires = lastMoment(intent, 'oxxo', created);
  const text = oxxoReference(issuer.oxxo, serial % 10 ** (13 - issuer.oxxo.length));
  const details = { expires_after: expires, hosted_voucher_url: null, number: text };
  return { text, expires, action: { type: 'oxxo_display_details', oxxo_display_details: details } };
}

function pix(intent: Thing, { created, key }: Own): Voucher {
  const options = optionsOf(intent, 'pix');
  const [usual, most] = pixSeconds;
  const expires = Math.min(created + most, numberOf(options.expires_at) ?? created + (numberOf(options.expires_after_seconds) ?? usual));
  const { name, city } = issuer;
  const text = writePix({
    to: { key },
    centavos: Number(intent.amount),
    name,
    city,
    transaction: intent.id.replace(/\W|_/g, '').slice(-25),
  });
  const details = { data: text, expires_at: expires, hosted_instructions_url: null, image_url_png: null, image_url_svg: null };
  return { text, expires, action: { type: 'pix_display_qr_code', pix_display_qr_code: details } };
}

/** The voucher of a payment. */
export function voucherOf(way: Way, intent: Thing, own: Own): Voucher {
  if (way === 'boleto') return boleto(intent, own);
  return way === 'oxxo' ? oxxo(intent, own) : pix(intent, own);
}

/** What the till reads of a voucher that a payment waits for; undefined where it waits for none. */
export function voucherText(action: Fields): { readonly way: Way; readonly text: string } | undefined {
  const of = (name: string, field: string) => textOf(fieldsOf(action[name])[field]);
  const [line, reference, data] = [
    of('boleto_display_details', 'number'),
    of('oxxo_display_details', 'number'),
    of('pix_display_qr_code', 'data'),
  ];
  if (line !== undefined) return { way: 'boleto', text: line };
  if (reference !== undefined) return { way: 'oxxo', text: reference };
  return data === undefined ? undefined : { way: 'pix', text: data };
}

export const oxxoIssuer = issuer.oxxo;
