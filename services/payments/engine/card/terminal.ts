import { randomBytes } from 'node:crypto';
import { aesInitialKey, aesPinKey, aesSerial, isAesSerial } from './aes-dukpt.ts';
import { aesTerminalKey, chipData, currencyNumber, terminalKey, zoneKey } from './chip.ts';
import { decipher, encipher } from './des.ts';
import { initialKey, pinKey, serialNumber } from './dukpt.ts';
import { terminalCounterMax } from './limits.ts';
import { pinBlock } from './pin.ts';
import { aesPinBlock, aesPinIn } from './pin-aes.ts';

/** How a card is put to a terminal. */
export type Entry = 'chip' | 'contactless';
export type Presenting = {
  readonly number: string;
  readonly brand: string;
  readonly amount: number;
  readonly currency: string;
  readonly entry: Entry;
  readonly pin: string | undefined;
};

/** What a terminal sends: the chip's data, and the PIN under a key that was used for nothing else. In hexadecimal. */
export type Presented = {
  readonly entry: Entry;
  readonly chip: string;
  readonly pin?: string;
  readonly serial?: string;
  readonly receipt: object;
};

const applications: Readonly<Record<string, readonly [id: string, name: string]>> = {
  visa: ['A0000000031010', 'VISA CREDIT'],
  mastercard: ['A0000000041010', 'MASTERCARD'],
  amex: ['A00000002501', 'AMERICAN EXPRESS'],
  jcb: ['A0000000651010', 'JCB'],
  discover: ['A0000001523010', 'DISCOVER'],
  unionpay: ['A000000333010101', 'UNIONPAY'],
};

/**
 * The simulated terminal with the chips that are put to it. Its keys of PINs are its own, and it makes a new one for each: where a
 * card is put in, of triple DES, and its reader without contact is a newer one, of AES.
 */
export class Terminal {
  readonly #device = BigInt(`0x${randomBytes(7).toString('hex')}`) >> 1n;
  readonly #key = initialKey(terminalKey, serialNumber(this.#device, 0));
  readonly #reader = randomBytes(8);
  readonly #readerKey = aesInitialKey(aesTerminalKey, aesSerial(this.#reader, 0));
  #used = 0;
  #transactions = randomBytes(2).readUInt16BE(0);

  /** Undefined for a currency that it does not take. */
  present({ number, brand, amount, currency, entry, pin }: Presenting): Presented | undefined {
    const code = currencyNumber(currency);
    if (code === undefined) return undefined;
    this.#transactions = (this.#transactions + 1) % 0x1_0000;
    const [application = '', name = ''] = applications[brand] ?? [];
    const day = new Date().toISOString().slice(2, 10).replaceAll('-', '');
    const said = {
      ...{ '9F02': String(amount).padStart(12, '0'), '9F03': '0'.repeat(12), '9F1A': '0840', 95: '0000008000', '5F2A': code, '9A': day },
      ...{ '9C': '00', '9F37': randomBytes(4).toString('hex'), 82: '3900', '9F36': this.#transactions.toString(16).padStart(4, '0') },
      ...{ '9F10': '06010a03a00000', '9F27': '80', '9F34': pin === undefined ? '1f0302' : '420300', 84: application.toLowerCase() },
    };
    const chip = chipData(number, said);
    const receipt = {
      ...{ account_type: 'credit', application_cryptogram: chip.subarray(3, 11).toString('hex').toUpperCase() },
      ...{ application_preferred_name: name, authorization_code: null, authorization_response_code: null },
      ...{ cardholder_verification_method: pin === undefined ? 'no_verification' : 'online_pin', dedicated_file_name: application },
      ...{ terminal_verification_results: said[95], transaction_status_information: 'E800' },
    };
    const base = { entry, chip: chip.toString('hex'), receipt };
    if (pin === undefined) return base;
    this.#used = (this.#used % terminalCounterMax) + 1;
    return { ...base, ...(entry === 'chip' ? this.#typed(pin, number) : this.#typedAes(pin, number)) };
  }

  #typed(pin: string, number: string): Pick<Presented, 'pin' | 'serial'> {
    const serial = serialNumber(this.#device, this.#used);
    return { pin: encipher(pinKey(this.#key, serial), pinBlock(pin, number)).toString('hex'), serial: serial.toString('hex') };
  }

  #typedAes(pin: string, number: string): Pick<Presented, 'pin' | 'serial'> {
    const serial = aesSerial(this.#reader, this.#used);
    return { pin: aesPinBlock(aesPinKey(this.#readerKey, serial), pin, number).toString('hex'), serial: serial.toString('hex') };
  }
}

/**
 * A PIN from under its terminal's key under the one that it goes to issuers by, in a block of format 0: what an acquirer's security
 * module does. Where the block is none of the card, what goes on is none either.
 */
export function translated(pin: string, serial: string, number: string): Buffer {
  const [from, block] = [Buffer.from(serial, 'hex'), Buffer.from(pin, 'hex')];
  if (!isAesSerial(from)) return encipher(zoneKey, decipher(pinKey(initialKey(terminalKey, from), from), block));
  const typed = aesPinIn(aesPinKey(aesInitialKey(aesTerminalKey, from), from), block, number);
  return encipher(zoneKey, typed === undefined ? Buffer.alloc(8) : pinBlock(typed, number));
}
