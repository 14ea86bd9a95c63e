import { QrError, readQr, writeQr } from './qr.ts';

/** What a UPI code or link asks for: the payee's address (`name@bank`), its name, and an amount in paise if it is fixed. */
export type Upi = { readonly payee: string; readonly name: string; readonly paise?: number; readonly reference?: string };

const scheme = 'A000000524';
const rupee = '356';

/** The link that opens the payer's app. */
export function writeUpiLink(upi: Upi): string {
  const { payee, name, paise, reference } = checked(upi);
  const pairs = [['pa', payee], ['pn', name], ...(reference === undefined ? [] : [['tr', reference]])];
  if (paise !== undefined) pairs.push(['am', rupees(paise)]);
  pairs.push(['cu', 'INR']);
  return `upi://pay?${pairs.map(([key, value]) => `${key}=${encodeURIComponent(value!).replaceAll('%40', '@')}`).join('&')}`;
}

export function readUpiLink(link: string): Upi {
  const [, query] = /^upi:\/\/pay\?(.*)$/s.exec(link) ?? [];
  if (query === undefined) throw new QrError('the link is not one of UPI');
  const values = new URLSearchParams(query);
  if ((values.get('cu') ?? 'INR') !== 'INR') throw new QrError(`${values.get('cu')} is not the currency of UPI`);
  return read(values.get('pa') ?? '', values.get('pn') ?? '', values.get('am'), values.get('tr'));
}

/** The code that merchants present, with the payee in 26 and the payment's reference in 27. */
export function writeUpiQr(upi: Upi & { readonly city: string; readonly category: string }): string {
  const { payee, name, paise, reference, city, category } = checked(upi);
  if (!/^\d{4}$/.test(category)) throw new QrError(`${JSON.stringify(category)} is no merchant category`);
  return writeQr({
    ...{ '01': paise === undefined ? '11' : '12', '26': { '00': scheme, '01': payee } },
    ...(reference === undefined ? {} : { '27': { '00': scheme, '01': reference } }),
    ...{ '52': category, '53': rupee, '58': 'IN', '59': name, '60': city },
    ...(paise === undefined ? {} : { '54': rupees(paise) }),
  });
}

export function readUpiQr(text: string): Upi {
  const objects = readQr(text);
  const [account, more] = [objects['26'], objects['27']];
  if (typeof account !== 'object' || account['00'] !== scheme) throw new QrError('the code is not one of UPI');
  if (objects['53'] !== rupee) throw new QrError('the currency of UPI is 356');
  const reference = typeof more === 'object' ? more['01'] : undefined;
  return read(
    String(account['01'] ?? ''),
    String(objects['59'] ?? ''),
    objects['54'] as string | undefined,
    reference as string | undefined,
  );
}

function read(payee: string, name: string, amount: string | null | undefined, reference: string | null | undefined): Upi {
  const [, whole = '', part = ''] = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(amount ?? '0') ?? [];
  if (whole === '') throw new QrError(`${JSON.stringify(amount)} is no amount`);
  const paise = amount ? { paise: Number(whole + part.padEnd(2, '0')) } : {};
  return checked({ payee, name, ...paise, ...(reference ? { reference } : {}) });
}

function checked<Given extends Upi>(upi: Given): Given {
  const { payee, name, paise, reference } = upi;
  if (!/^[A-Za-z0-9.-]{2,64}@[A-Za-z0-9]{2,32}$/.test(payee)) throw new QrError(`${JSON.stringify(payee)} is no address of UPI`);
  if (name === '') throw new QrError('a payee has a name');
  if (paise !== undefined && (!Number.isSafeInteger(paise) || paise <= 0)) throw new QrError(`${paise} is no amount in paise`);
  if (reference !== undefined && !/^[A-Za-z0-9]{4,35}$/.test(reference)) throw new QrError('a reference has 4 to 35 letters and digits');
  return upi;
}

const rupees = (paise: number): string => `${Math.floor(paise / 100)}.${String(paise % 100).padStart(2, '0')}`;
