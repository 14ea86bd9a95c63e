import { intakeBytes, intakeRows } from '../store/limits.ts';
import type { Put } from './intake.ts';

/** Records on their way into the topic. */
export class Page {
  readonly #put: Put;
  #texts: (Buffer | string)[] = [];
  #bytes = 0;

  constructor(put: Put) {
    this.#put = put;
  }

  async add(text: Buffer | string): Promise<void> {
    this.#texts.push(text);
    this.#bytes += text.length;
    if (this.#texts.length >= intakeRows || this.#bytes >= intakeBytes) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#texts.length > 0) await this.#put(this.#texts);
    [this.#texts, this.#bytes] = [[], 0];
  }
}
