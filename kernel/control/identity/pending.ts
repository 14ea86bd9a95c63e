import { randomBytes } from 'node:crypto';
import { fault } from '../../contract/fault.ts';
import { factorTriesMax, pendingMax, pendingMs } from './limits.ts';

/** Something begun that waits for a proof: a login for its second factor, a challenge for a passkey's answer. */
export type Pending = {
  readonly purpose: 'login' | 'passkey' | 'register' | 'step-up' | 'totp';
  readonly person?: bigint;
  /** What a passkey signs, in base64url. */
  readonly challenge?: string;
  /** The keyed hash of a code that was mailed. */
  readonly mailed?: string;
  tries: number;
  readonly until: number;
};

/** What waits for a proof, by ticket. In memory: after a restart of control a login begins anew. */
export type PendingStore = ReturnType<typeof pendingStore>;

export function pendingStore(now: () => number) {
  const waiting = new Map<string, Pending>();

  function sweep(): void {
    for (const [ticket, pending] of waiting) {
      // They are in order of their end.
      if (pending.until > now() && waiting.size < pendingMax) return;
      waiting.delete(ticket);
    }
  }

  const over = () => fault('Unauthenticated', { path: 'expired', detail: 'This login waited too long or failed too often; begin anew.' });
  return {
    /** Keeps it, and answers its ticket. */
    put(pending: Omit<Pending, 'tries' | 'until'>): string {
      sweep();
      const ticket = randomBytes(24).toString('base64url');
      waiting.set(ticket, { ...pending, tries: 0, until: now() + pendingMs });
      return ticket;
    },
    /** One try at it; after too many it is gone. */
    attempt(ticket: unknown, ...purposes: readonly Pending['purpose'][]): Pending {
      const pending = typeof ticket === 'string' ? waiting.get(ticket) : undefined;
      if (!pending || pending.until <= now() || !purposes.includes(pending.purpose)) throw over();
      pending.tries += 1;
      if (pending.tries > factorTriesMax) {
        waiting.delete(String(ticket));
        throw over();
      }
      return pending;
    },
    /** It was proven: the ticket works no more. False when another request was first. */
    done: (ticket: unknown) => waiting.delete(String(ticket)),
  };
}
