import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { aesInitialKey, aesPinKey, aesSerial } from '#services/payments/engine/card/aes-dukpt.ts';
import { aesPinBlock, aesPinIn } from '#services/payments/engine/card/pin-aes.ts';
import { pinBlock } from '#services/payments/engine/card/pin.ts';
import type { Check, Client } from '../client.ts';
import { pythonChecks, pythonPackage, pythonSet } from '../python.ts';

const script = fileURLToPath(new URL('./checks.py', import.meta.url));
const set = pythonSet('psec');
const numbers = ['4242424242424242', '378282246310005', '6200000000000000003', '3056930009020004', '4222222222222'];
const pins = ['1234', '00000', '123456', '98765432', '123456789012'];

/** psec for Python, which makes and reads PIN blocks: ours of formats 0 and 4 are its too, and we read those that it makes. */
export const client: Client = {
  name: 'psec',
  setup: () => pythonPackage('psec', set),
  async run() {
    const device = randomBytes(8);
    const initial = aesInitialKey(randomBytes(16), aesSerial(device, 0));
    const cases = numbers.map((number, at) => {
      const [pin, key] = [pins[at] ?? '', aesPinKey(initial, aesSerial(device, 1000 * at + 1))];
      const blocks = { field: pinBlock(pin, number).toString('hex'), block: aesPinBlock(key, pin, number).toString('hex') };
      return { number, pin, key: key.toString('hex'), ...blocks };
    });
    const checks: Check[] = [];
    for (const check of await pythonChecks(script, [], { cases }, set)) {
      const theirs = /^block (\d) ([0-9a-f]{32})$/.exec(check.title);
      if (!theirs) checks.push(check);
      else {
        const { key, number, pin } = cases[Number(theirs[1])] ?? { key: '', number: '', pin: '' };
        const read = aesPinIn(Buffer.from(key, 'hex'), Buffer.from(theirs[2] ?? '', 'hex'), number);
        checks.push({ title: `we read the PIN of ${pin.length} digits in a block of format 4 that it made`, ok: read === pin });
      }
    }
    return { checks };
  },
};
