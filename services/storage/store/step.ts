/** The moments at which a crash would find things half done, by name. */
export type Step =
  | 'packed-written'
  | 'packed-synced'
  | 'extent-begun'
  | 'shards-intended'
  | 'shards-written'
  | 'shards-synced'
  | 'pieces-stored'
  | 'seal-written'
  | 'seal-committed'
  | 'move-appended'
  | 'move-committed'
  | 'extent-dropped'
  | 'repair-written'
  | 'upload-joined'
  | 'object-appended'
  | 'runs-gathered'
  | 'object-renamed'
  | 'index-committed';

let listener: ((step: Step) => void) | undefined;

/** Tells whoever listens that a step was reached. */
export function atStep(step: Step): void {
  listener?.(step);
}

/** Listens; crash tests end the process at a step of their choice. */
export function onStep(listen: (step: Step) => void): void {
  listener = listen;
}
