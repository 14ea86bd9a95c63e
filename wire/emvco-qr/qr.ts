import { qrLengthMax } from './limits.ts';

/** The text is no merchant's code of EMVCo, or the values make none; `at` is the character where it was noticed. */
export class QrError extends Error {
  override readonly name = 'QrError';
  readonly at: number | undefined;

  constructor(reason: string, at?: number) {
    super(at === undefined ? reason : `character ${at}: ${reason}`);
    this.at = at;
  }
}

/** Objects by their two-digit ids: a text, or objects again where the id is a template. */
export type QrObjects = { readonly [id: string]: string | QrObjects };

/** Ids that hold objects: accounts of merchants, additional data, the merchant's language, and what is kept for networks. */
const isTemplate = (id: string): boolean => /^(2[6-9]|[34]\d|5[01]|62|64|[89]\d)$/.test(id);

const [first, last] = ['00', '63'];
const version = '01';

/**
 * Writes a code that merchants present (EMVCo QR, merchant-presented): version first, checksum last, the rest by id. For the rails that are
 * paid by scanning, PIX and UPI.
 */
export function writeQr(objects: QrObjects): string {
  const { [first]: _, [last]: __, ...rest } = objects;
  const text = `${object(first, version)}${written(rest)}${last}04`;
  if (text.length + 4 > qrLengthMax) throw new QrError(`the code has ${text.length + 4} characters, more than ${qrLengthMax}`);
  return text + checksum(text);
}

function written(objects: QrObjects): string {
  return Object.entries(objects)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([id, value]) => object(id, typeof value === 'string' ? value : written(value)))
    .join('');
}

function object(id: string, value: string): string {
  if (!/^\d\d$/.test(id)) throw new QrError(`${JSON.stringify(id)} is no id`);
  if (!/^[ -~]{1,99}$/.test(value)) throw new QrError(`${id} has 1 to 99 characters of ASCII`);
  return id + String(value.length).padStart(2, '0') + value;
}

/** Reads a code, and believes it only with the right checksum. */
export function readQr(text: string): QrObjects {
  if (text.length > qrLengthMax) throw new QrError(`the code has ${text.length} characters, more than ${qrLengthMax}`);
  const body = text.slice(0, -4);
  if (!/6304$/.test(body)) throw new QrError('the code does not end with its checksum', Math.max(0, text.length - 8));
  if (text.slice(-4).toUpperCase() !== checksum(body)) throw new QrError('the checksum is wrong', text.length - 4);
  const { [last]: _, ...objects } = parsed(text, 0, text.length, true);
  if (!text.startsWith(object(first, version))) throw new QrError(`the code does not begin with version ${version}`, 0);
  return objects;
}

function parsed(text: string, from: number, to: number, isOuter: boolean): QrObjects {
  const objects: Record<string, string | QrObjects> = {};
  for (let at = from; at < to; ) {
    const [, id = '', length = ''] = /^(\d\d)(\d\d)/.exec(text.slice(at, Math.min(at + 4, to))) ?? [];
    if (id === '') throw new QrError('an id and a length are due', at);
    const [begin, end] = [at + 4, at + 4 + Number(length)];
    if (end > to || end === begin) throw new QrError(`${id} says a length of ${Number(length)}, of which there are ${to - begin}`, at + 2);
    if (id in objects) throw new QrError(`${id} is there twice`, at);
    objects[id] = isOuter && isTemplate(id) ? parsed(text, begin, end, false) : text.slice(begin, end);
    at = end;
  }
  return objects;
}

/** CRC-16/CCITT-FALSE of the text, as four hexadecimal digits. */
function checksum(text: string): string {
  let crc = 0xffff;
  for (let at = 0; at < text.length; at += 1) {
    crc ^= (text.charCodeAt(at) & 255) << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc.toString(16).toUpperCase().padStart(4, '0');
}
