import type { Crews } from '../engine/worker/crew.ts';
import { sharedCalmMs, sharedRecordsMin } from '../engine/worker/limits.ts';
import type { Opened } from '../engine/worker/shared-circuit.ts';
import type { LiveView } from './live.ts';
import type { Passage } from './passage.ts';

/** Where a view is computed: by workers while many records come, else in the service's own thread. What it remembers moves with it. */
export class Balance {
  readonly #crews: Crews;
  readonly #id: bigint;
  readonly #loaded: LiveView;
  readonly #passage: Passage;
  readonly #opened: Pick<Opened, 'sources'>;
  /** When many records came at once last. */
  #busyMs = 0;
  /** How often workers came to share it, so that what they name is never called the same. */
  #times = 0;

  constructor(crews: Crews, id: bigint, loaded: LiveView, passage: Passage, opened: Pick<Opened, 'sources'>) {
    this.#crews = crews;
    this.#id = id;
    this.#loaded = loaded;
    this.#passage = passage;
    this.#opened = opened;
  }

  /** Has so many records that came at once computed where they are best. */
  async weigh(records: number): Promise<void> {
    const { view } = this.#loaded;
    const now = performance.now();
    if (records >= sharedRecordsMin) this.#busyMs = now;
    const isCalm = now - this.#busyMs >= sharedCalmMs;
    if (view.shared && (view.isTooMuch || isCalm)) await this.#passage.alone(() => view.unshare());
    if (!view.shared && records >= sharedRecordsMin && view.isShareable) await this.#share();
  }

  async #share(): Promise<void> {
    const { epoch, view } = this.#loaded;
    const crew = this.#crews.for(this.#id);
    if (!crew) return;
    this.#times += 1;
    try {
      await this.#passage.alone(async () => {
        if (!view.shared) await view.share(crew, { ...this.#opened, tag: `${epoch}_${this.#times}` });
      });
    } finally {
      if (crew.isOver) this.#crews.fell(this.#id);
    }
  }
}
