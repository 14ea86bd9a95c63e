import { sessionsMax } from './limits.ts';

/** Who asks: ids are 63-bit; the credential is 0 for a person's browser session. */
export type Who = { readonly tenant: bigint; readonly scope: bigint; readonly credential: bigint; readonly principal: string };

/** The last change that a client asked for, with what it was answered. */
export type Last = {
  readonly number: number;
  readonly request: bigint;
  readonly operation: number;
  readonly op: bigint;
  readonly timestamp: bigint;
  readonly body: Buffer;
};

/** A client's session. Its number is that of the log entry that began it. */
export type Session = {
  readonly who: Who;
  readonly client: bigint;
  readonly op: bigint;
  readonly release: number;
  last: Last;
  /** Where the reply to `last` goes when it is on disk: to the newest connection that asked. */
  deliver: ((session: Session) => void) | undefined;
};

/** Sessions by credential and client. A function of the log alone, so that a replay ends with the same. */
export class Sessions {
  readonly #credentials = new Map<string, Map<bigint, Session>>();

  static key(who: Who): string {
    return `${who.scope}:${who.credential}:${who.principal}`;
  }

  find(who: Who, client: bigint): Session | undefined {
    return this.#credentials.get(Sessions.key(who))?.get(client);
  }

  /** Begins a session; above the limit the one whose last change is oldest ends. */
  begin(session: Session): void {
    const key = Sessions.key(session.who);
    const known = this.#credentials.get(key) ?? new Map<bigint, Session>();
    this.#credentials.set(key, known);
    known.set(session.client, session);
    if (known.size <= sessionsMax) return;
    let oldest = session;
    for (const each of known.values()) if (each.last.op < oldest.last.op) oldest = each;
    known.delete(oldest.client);
  }

  /** The sessions of a principal of an environment. */
  of({ tenant, scope }: Pick<Who, 'tenant' | 'scope'>, principal: string): Session[] {
    return this.all().filter(({ who }) => who.tenant === tenant && who.scope === scope && who.principal === principal);
  }

  end({ who, client }: Session): void {
    this.#credentials.get(Sessions.key(who))?.delete(client);
  }

  clear(): void {
    this.#credentials.clear();
  }

  all(): Session[] {
    return [...this.#credentials.values()].flatMap((sessions) => [...sessions.values()]);
  }
}
