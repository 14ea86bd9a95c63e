/** What keeps a version from being deleted: a retention up to a time, and a legal hold. Times are milliseconds since 1970. */
export type Lock = { readonly mode?: 'GOVERNANCE' | 'COMPLIANCE'; readonly until?: number; readonly legalHold?: boolean };

/** Whether a locked version may be deleted now. */
export function mayDelete(lock: Lock | undefined, now: number, bypassGovernance: boolean): boolean {
  if (!lock) return true;
  if (lock.legalHold) return false;
  if (lock.mode === undefined || (lock.until ?? 0) <= now) return true;
  return lock.mode === 'GOVERNANCE' && bypassGovernance;
}

/** Whether the retention may become another: a longer one always, a weaker one only in governance mode and by who may bypass it. */
export function mayRetain(
  old: Lock | undefined,
  wished: { readonly mode?: Lock['mode']; readonly until?: number },
  now: number,
  bypassGovernance: boolean,
): boolean {
  if (!old?.mode || (old.until ?? 0) <= now) return true;
  const keeps = wished.mode !== undefined && (wished.until ?? 0) >= (old.until ?? 0);
  if (old.mode === 'COMPLIANCE') return keeps && wished.mode === 'COMPLIANCE';
  return (keeps && wished.mode === 'GOVERNANCE') || bypassGovernance;
}

/** The retention of a bucket's new versions. */
export type DefaultRetention = { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days?: number; readonly years?: number };

/** When a default retention that begins now ends; `dayMs` is the length of a day. */
export function retentionEnd({ days, years }: DefaultRetention, now: number, dayMs: number): number {
  return now + (days ?? 0) * dayMs + (years ?? 0) * 365 * dayMs;
}
