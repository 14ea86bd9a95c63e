/** The moments of a commit at which a crash would find things half done, by name. */
export type Step =
  | 'epoch-computed'
  | 'epoch-committed'
  | 'carrier-opened'
  | 'epoch-carrying'
  | 'epoch-carried'
  | 'epoch-forgotten'
  | 'intake-read'
  | 'intake-taken'
  | 'topic-loose'
  | 'topic-deleted';

let listener: ((step: Step) => void) | undefined;

/** Tells whoever listens that a step was reached. */
export function atStep(step: Step): void {
  listener?.(step);
}

/** Listens; tests let what runs fall at a step of their choice. */
export function onStep(listen: ((step: Step) => void) | undefined): void {
  listener = listen;
}
