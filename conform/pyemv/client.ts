import { fileURLToPath } from 'node:url';
import { cardSequence, issuerData, issuerKey, signed } from '#services/payments/engine/card/chip.ts';
import { cardKey, sessionKey } from '#services/payments/engine/card/cryptogram.ts';
import { Terminal } from '#services/payments/engine/card/terminal.ts';
import { findTlv, readTlv } from '#wire/iso8583/emv.ts';
import type { Client } from '../client.ts';
import { pythonChecks, pythonPackage, pythonSet } from '../python.ts';

const script = fileURLToPath(new URL('./checks.py', import.meta.url));
const set = pythonSet('pyemv');
const numbers = ['4242424242424242', '5555555555554444', '378282246310005', '6200000000000005', '4000056655665556'];

/** pyemv for Python, which makes the keys and cryptograms of EMV cards: what our terminal and issuers say to each other is its too. */
export const client: Client = {
  name: 'pyemv',
  setup: () => pythonPackage('pyemv', set),
  async run() {
    const terminal = new Terminal();
    const cases = numbers.map((number, at) => {
      const asked = { number, brand: 'visa', amount: 100 * (at + 1), currency: 'eur', pin: undefined } as const;
      const chip = Buffer.from(terminal.present({ ...asked, entry: 'chip' })?.chip ?? '', 'hex');
      const counter = findTlv(readTlv(chip), '9F36') ?? Buffer.alloc(2);
      const card = cardKey(issuerKey, number, cardSequence);
      const answer = issuerData(chip, number, '00').toString('hex');
      const said = { card: card.toString('hex'), session: sessionKey(card, counter).toString('hex'), chip: chip.toString('hex'), answer };
      return { number, counter: Buffer.from(counter).toString('hex'), ...said };
    });
    return { checks: await pythonChecks(script, [], { issuer: issuerKey.toString('hex'), sequence: cardSequence, signed, cases }, set) };
  },
};
