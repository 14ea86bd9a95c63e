import type { Content } from './content.ts';

/** One data element: its content, its length or greatest length, and how many digits say the length (0 where it is fixed). */
export type FieldSpec = { readonly content: Content; readonly length: number; readonly digits: 0 | 2 | 3 };

/** `ascii` writes everything as characters; `binary` packs digits two a byte (BCD) and writes bitmaps and bytes as they are. */
export type Encoding = 'ascii' | 'binary';

/** Where packed digits of an odd number and a length of their own have their half byte of filling; networks differ in it. */
export type Filling = 'before' | 'after';

/** What a message is written and read by. */
export type IsoSpec = { readonly encoding: Encoding; readonly filling: Filling; readonly fields: readonly (FieldSpec | undefined)[] };

/** Data elements in the standard's own notation: `n6` is fixed, `n..19` says its length in two digits, `ans...999` in three. */
export type Notation = Readonly<Record<number, string>>;

const privateUse = Object.fromEntries(Array.from({ length: 23 }, (_, index) => [105 + index, 'ans...999']));

/** ISO 8583:1987. Field 55 holds the TLV objects of the chip, as everybody uses it since. */
const base: Notation = {
  ...{ 2: 'n..19', 3: 'n6', 4: 'n12', 5: 'n12', 6: 'n12', 7: 'n10', 8: 'n8', 9: 'n8', 10: 'n8', 11: 'n6', 12: 'n6', 13: 'n4' },
  ...{ 14: 'n4', 15: 'n4', 16: 'n4', 17: 'n4', 18: 'n4', 19: 'n3', 20: 'n3', 21: 'n3', 22: 'n3', 23: 'n3', 24: 'n3', 25: 'n2' },
  ...{ 26: 'n2', 27: 'n1', 28: 'xn9', 29: 'xn9', 30: 'xn9', 31: 'xn9', 32: 'n..11', 33: 'n..11', 34: 'ans..28', 35: 'z..37' },
  ...{ 36: 'z...104', 37: 'an12', 38: 'an6', 39: 'an2', 40: 'an3', 41: 'ans8', 42: 'ans15', 43: 'ans40', 44: 'ans..25' },
  ...{ 45: 'ans..76', 46: 'ans...999', 47: 'ans...999', 48: 'ans...999', 49: 'an3', 50: 'an3', 51: 'an3', 52: 'b8', 53: 'n16' },
  ...{ 54: 'an...120', 55: 'b...255', 56: 'ans...999', 57: 'ans...999', 58: 'ans...999', 59: 'ans...999', 60: 'ans...999' },
  ...{ 61: 'ans...999', 62: 'ans...999', 63: 'ans...999', 64: 'b8', 66: 'n1', 67: 'n2', 68: 'n3', 69: 'n3', 70: 'n3', 71: 'n4' },
  ...{ 72: 'n4', 73: 'n6', 74: 'n10', 75: 'n10', 76: 'n10', 77: 'n10', 78: 'n10', 79: 'n10', 80: 'n10', 81: 'n10', 82: 'n12' },
  ...{ 83: 'n12', 84: 'n12', 85: 'n12', 86: 'n16', 87: 'n16', 88: 'n16', 89: 'n16', 90: 'n42', 91: 'an1', 92: 'an2', 93: 'an6' },
  ...{ 94: 'an7', 95: 'an42', 96: 'b16', 97: 'xn17', 98: 'ans25', 99: 'n..11', 100: 'n..11', 101: 'ans..17', 102: 'ans..28' },
  ...{ 103: 'ans..28', 104: 'ans...100', ...privateUse, 128: 'b8' },
};

/** The specification of an encoding, with what a scheme has otherwise laid over the standard's data elements. */
export function isoSpec(encoding: Encoding, overlay: Notation = {}, filling: Filling = 'before'): IsoSpec {
  const notation: Notation = { ...base, ...overlay };
  return { encoding, filling, fields: Array.from({ length: 129 }, (_, number) => fieldSpec(notation[number])) };
}

function fieldSpec(notation: string | undefined): FieldSpec | undefined {
  const [, content, dots = '', length] = /^(n|ans?|b|z|xn)(\.{2,3})?(\d+)$/.exec(notation ?? '') ?? [];
  if (content === undefined) return undefined;
  return { content: content as Content, length: Number(length), digits: dots.length as 0 | 2 | 3 };
}
