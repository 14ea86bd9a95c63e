import { type QrObjects, QrError, readQr, writeQr } from './qr.ts';

/** What a PIX code asks for (Banco Central do Brasil): by a key with an amount or without, or by the address of a charge. */
export type Pix = {
  readonly to: { readonly key: string; readonly words?: string } | { readonly url: string };
  /** In centavos; undefined lets the payer choose. */
  readonly centavos?: number;
  readonly name: string;
  readonly city: string;
  /** Up to 25 letters and digits by which the payment is found again; undefined where the charge says it. */
  readonly transaction?: string;
};

const scheme = 'br.gov.bcb.pix';
const real = '986';
const unknown = '***';

export function writePix({ to, centavos, name, city, transaction }: Pix): string {
  if (transaction !== undefined && !/^[A-Za-z0-9]{1,25}$/.test(transaction))
    throw new QrError('a transaction has 1 to 25 letters and digits');
  if (name.length > 25 || city.length > 15) throw new QrError('a name has up to 25 characters, and a city up to 15');
  const by: QrObjects = 'url' in to ? { '25': to.url } : { '01': to.key, ...(to.words === undefined ? {} : { '02': to.words }) };
  return writeQr({
    ...('url' in to ? { '01': '12' } : {}),
    '26': { '00': scheme, ...by },
    ...{ '52': '0000', '53': real, '58': 'BR', '59': name, '60': city, '62': { '05': transaction ?? unknown } },
    ...(centavos === undefined ? {} : { '54': amount(centavos) }),
  });
}

export function readPix(text: string): Pix {
  const objects = readQr(text);
  const [account, more] = [objects['26'], objects['62']];
  if (typeof account !== 'object' || account['00']?.toString().toLowerCase() !== scheme) throw new QrError('the code is not one of PIX');
  const { '01': key, '02': words, '25': url } = account as Readonly<Record<string, string>>;
  const { '53': currency, '54': value, '59': name, '60': city } = objects as Readonly<Record<string, string>>;
  if (currency !== real || name === undefined || city === undefined) throw new QrError('a code of PIX says its currency, name and city');
  if (key === undefined && url === undefined) throw new QrError('a code of PIX has a key or an address');
  const transaction = typeof more === 'object' ? (more['05'] as string | undefined) : undefined;
  return {
    to: key === undefined ? { url: url! } : { key, ...(words === undefined ? {} : { words }) },
    ...(value === undefined ? {} : { centavos: centavosOf(value) }),
    ...{ name, city },
    ...(transaction === undefined || transaction === unknown ? {} : { transaction }),
  };
}

function amount(centavos: number): string {
  if (!Number.isSafeInteger(centavos) || centavos <= 0) throw new QrError(`${centavos} is no amount in centavos`);
  const text = `${Math.floor(centavos / 100)}.${String(centavos % 100).padStart(2, '0')}`;
  if (text.length > 13) throw new QrError(`${text} is longer than 13 characters`);
  return text;
}

function centavosOf(text: string): number {
  const [, whole = '', part = ''] = /^(\d{1,10})(?:\.(\d{1,2}))?$/.exec(text) ?? [];
  if (whole === '') throw new QrError(`${JSON.stringify(text)} is no amount`);
  return Number(whole + part.padEnd(2, '0'));
}
