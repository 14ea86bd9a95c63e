/** Time as the journal sees it; the simulator in chaos/journal has one of its own. */
export interface Clock {
  /** Milliseconds since 1970; it may jump either way. */
  now(): number;
  /** Runs once after so many milliseconds, unless the function returned is called before. */
  after(ms: number, run: () => void): () => void;
}

export const realClock: Clock = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
