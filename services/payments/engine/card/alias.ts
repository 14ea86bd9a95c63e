import { Ff1 } from '#wire/ff1/ff1.ts';
import { luhnSum } from '../../domain/luhn.ts';

/** Last digits that stay, and the most first ones that do. */
const [tail, headMost] = [4, 6];
/** Fewest digits that FF1 takes, and the one behind them that breaks Luhn's sum. */
const least = 6;

/**
 * Numbers that look like card numbers and are none: the first and last digits are the card's, those between are encrypted by FF1
 * under the tenant's key and bound to the environment, and one digit makes Luhn's sum wrong, so that nobody takes it for a card.
 */
export class Aliases {
  readonly #ff1: Ff1;

  constructor(key: Buffer) {
    this.#ff1 = new Ff1(key);
  }

  of(number: string, scope: bigint): string {
    return this.#turned(number, scope, 1);
  }

  /** The number behind an alias. */
  numberOf(alias: string, scope: bigint): string {
    return this.#turned(alias, scope, 0);
  }

  /** `off` is what Luhn's sum of the result is. */
  #turned(text: string, scope: bigint, off: number): string {
    const head = Math.min(headMost, text.length - tail - least - 1);
    const end = text.length - tail;
    const middle = text.slice(head, end - 1);
    const tweak = Buffer.from(String(scope));
    const turned = off === 0 ? this.#ff1.decrypt(middle, tweak) : this.#ff1.encrypt(middle, tweak);
    const before = text.slice(0, head) + turned;
    const digit = Array.from({ length: 10 }, (_, each) => each).find((each) => luhnSum(before + String(each) + text.slice(end)) === off);
    return before + String(digit) + text.slice(end);
  }
}
