import { randomBytes, randomInt } from 'node:crypto';
import { Ff1 } from '#wire/ff1/ff1.ts';
import { type BenchResult, least, median } from '../result.ts';

const rounds = 5;
const seconds = 1;
const atLeast = 100_000;
const together = 64;

/** Card numbers a second that become tokens under AES-256 and a tweak of eight bytes: one by one, and many in one call. */
export async function run(): Promise<BenchResult> {
  const ff1 = new Ff1(randomBytes(32));
  const tweak = randomBytes(8);
  const rate = (count: number): number => {
    let texts = Array.from({ length: count }, () => String(4_000_000_000_000_000 + randomInt(2 ** 47)));
    const began = performance.now();
    let done = 0;
    for (; performance.now() - began < seconds * 1000; done += count) texts = ff1.encryptAll(texts, tweak);
    return (done / (performance.now() - began)) * 1000;
  };
  rate(1);
  const alone = Array.from({ length: rounds }, () => rate(1));
  const many = Array.from({ length: rounds }, () => rate(together));
  return {
    name: 'ff1',
    rows: [
      least('a card number, one by one', 'tokens/s', median(alone), null),
      least(`a card number, ${together} in a call`, 'tokens/s', median(many), atLeast),
    ],
  };
}
