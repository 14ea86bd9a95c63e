import { clockTickMs } from './limits.ts';

/** The milliseconds of a steady clock, set by a timer, because asking the system costs more than a rate bucket does. */
export const steady = { nowMs: performance.now() };

setInterval(() => {
  steady.nowMs = performance.now();
}, clockTickMs).unref();
