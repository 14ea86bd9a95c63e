/**
 * Looks for work again and again: at once when woken, else after a pause. A wake during a look is not lost: it is followed by
 * another look. A look that throws is told of and tried again.
 */
export class Round {
  readonly #look: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #pauseMs: number;
  #wake: (() => void) | undefined;
  #due = false;
  #isEnded = false;
  #running: Promise<void> | undefined;

  constructor(look: () => Promise<void>, { pauseMs, failed }: { pauseMs: number; failed: (error: unknown) => void }) {
    this.#look = look;
    this.#pauseMs = pauseMs;
    this.#failed = failed;
  }

  start(): void {
    this.#running = this.#run();
  }

  wake(): void {
    this.#due = true;
    this.#wake?.();
  }

  /** No look begins any more; resolves when the one at work has ended. */
  async stop(): Promise<void> {
    this.#isEnded = true;
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isEnded) {
      this.#due = false;
      await this.#look().catch(this.#failed);
      if (!this.#due) await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#pauseMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
