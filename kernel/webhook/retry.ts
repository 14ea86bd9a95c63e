const [second, minute, hour] = [1000, 60_000, 3_600_000];

/** Waits after each failed attempt; the schedule that Standard Webhooks proposes, with two quick ones before. */
const waits = [second, 10 * second, minute, 10 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];

/** Milliseconds until the next attempt after so many, or undefined when there is none; `chance` in [0, 1) spreads them. */
export function retryAfterMs(attempt: number, attempts: number, chance: number): number | undefined {
  const wait = waits[attempt - 1];
  return attempt >= attempts || wait === undefined ? undefined : Math.round(wait * (0.8 + 0.4 * chance));
}
